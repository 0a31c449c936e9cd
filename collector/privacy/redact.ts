/**
 * Takes secrets out of an event before it reaches the spool. Pure. Each hit leaves a typed marker in the text and an entry
 * in `redactions`, so that a reader sees that a secret was removed and of which kind. A secret found in one field is removed from all.
 */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { CUT, cutText } from '../../agents/mapping/attribute-text.ts';
import { maxLengthOf } from '../../agents/mapping/event-draft.ts';
import { IDS, SEARCHED } from './event-fields.ts';
import { type FoundSecret, findSecrets } from './secrets/find-secrets.ts';
import { isMixed, isPlaceholder } from './secrets/rule.ts';

/** Called for each secret that was removed. */
export type OnRedaction = (kind: string) => void;

/** Its letters cannot spell a secret. */
const PLAIN_ID = /^[0-9a-f-]{1,64}$/i;
/** A shorter text has no room for a secret and the context that identifies it (UTF-16 units). */
const SHORTEST = 8;
const LIMIT = 256;
const NAME_LENGTH = 100;
/** Bound of an entry of `redactions`. */
const ENTRY_LENGTH = 128;

/**
 * @param isSecret the whole text is one, by the name of its attribute
 * @param attribute its key, where the field is `attributes`
 */
type Clean = (field: string, text: string, isSecret?: boolean, attribute?: string) => string;

type Draft = Partial<Record<keyof AgentEvent, unknown>> & Pick<AgentEvent, 'attributes' | 'redactions'>;

/**
 * The text without its secrets; `onFound` gets the kind of each, and the secret.
 *
 * @param isWire it may be the text of a protobuf message
 */
export function redactText(text: string, onFound?: (kind: string, secret: string) => void, isWire = false): string {
  const found = findSecrets(text, isWire);
  return found.length === 0 ? text : without(text, found, onFound);
}

function without(
  text: string,
  found: readonly FoundSecret[],
  onFound: ((kind: string, secret: string) => void) | undefined,
): string {
  let out = '';
  let at = 0;
  for (const { kind, start, end } of found) {
    const secret = text.slice(start, end);
    if (secret.startsWith(MARKER) && secret.endsWith(']')) continue;
    out += `${text.slice(at, start)}${markerOf(kind)}`;
    at = end;
    onFound?.(kind, secret);
  }
  return out + text.slice(at);
}

const MARKER = '[REDACTED:';

export function markerOf(kind: string): string {
  return `${MARKER}${kind}]`;
}

/**
 * @param hash tells ids apart that held a secret
 * @param fields look for secrets in these alone
 * @returns the same object if nothing was found
 */
export function redact<E extends Draft>(
  event: E,
  hash: (text: string) => string,
  onRedaction?: OnRedaction,
  fields?: readonly (keyof AgentEvent)[],
): E {
  const pass = new Pass(onRedaction);
  let result = eachText(event, hash, pass.clean, fields);
  // The same secret may be in another field without such context.
  if (pass.secrets.size > 0) result = eachText(result, hash, pass.spread);
  if (pass.found.size === 0) return event;
  return { ...result, redactions: listed([...(event.redactions ?? []), ...pass.found]) };
}

class Pass {
  /** `field:kind`. */
  readonly found = new Set<string>();
  /** Kind of each secret that is long enough to be looked for elsewhere. */
  readonly secrets = new Map<string, string>();
  readonly #onRedaction: OnRedaction | undefined;

  constructor(onRedaction: OnRedaction | undefined) {
    this.#onRedaction = onRedaction;
  }

  readonly clean: Clean = (field, text, isSecret, attribute) => {
    if (isSecret === true) {
      this.#take(nameOf(field, attribute), NAMED, text);
      return markerOf(NAMED);
    }
    if (text.length < SHORTEST) return text;
    const found = findSecrets(text);
    if (found.length === 0) return text;
    return without(text, found, (kind, secret) => this.#take(nameOf(field, attribute), kind, secret));
  };

  readonly spread: Clean = (field, text, _isSecret, attribute) => {
    let out = text;
    for (const [secret, kind] of this.secrets) {
      if (!out.includes(secret)) continue;
      out = out.replaceAll(secret, markerOf(kind));
      this.#note(nameOf(field, attribute), kind);
    }
    return out;
  };

  #take(field: string, kind: string, secret: string): void {
    this.#note(field, kind);
    if (isDistinct(secret)) this.secrets.set(secret, kind);
  }

  #note(field: string, kind: string): void {
    const length = Math.min(NAME_LENGTH, ENTRY_LENGTH - 1 - kind.length);
    this.found.add(`${field.slice(0, length).toWellFormed()}:${kind}`);
    this.#onRedaction?.(kind);
  }
}

function nameOf(field: string, attribute: string | undefined): string {
  return attribute === undefined ? field : `${field}.${attribute}`;
}

/** A short password may be a common word with other meanings elsewhere. */
function isDistinct(secret: string): boolean {
  return secret.length >= 16 || (secret.length >= 6 && /\d/.test(secret) && isMixed(secret));
}

function eachText<E extends Draft>(
  event: E,
  hash: (text: string) => string,
  clean: Clean,
  fields?: readonly (keyof AgentEvent)[],
): E {
  let changed: Record<string, unknown> | undefined;
  /** Markers are longer than some secrets. */
  const cut: Record<string, string> = {};
  for (const field of fields ?? SEARCHED) {
    const value = event[field];
    if (typeof value !== 'string') continue;
    const isId = IDS.has(field);
    if (isId && PLAIN_ID.test(value)) continue;
    const cleaned = clean(field, value);
    if (cleaned === value) continue;
    changed ??= {};
    changed[field] = isId ? `${cutText(cleaned, ID_LENGTH)}#${hash(value)}` : within(field, cleaned, cut);
  }
  const words = (event as Partial<AgentEvent>).arguments;
  const cleanedWords = words === undefined ? undefined : cleanWords(words, clean);
  if (cleanedWords !== words) (changed ??= {})['arguments'] = cleanedWords;
  const attributes = fields === undefined ? cleanAttributes(event.attributes, clean) : event.attributes;
  if (attributes !== event.attributes || (changed !== undefined && Object.keys(cut).length > 0))
    (changed ??= {})['attributes'] = { ...attributes, ...cut };
  return changed === undefined ? event : { ...event, ...changed };
}

function cleanWords(words: readonly string[], clean: Clean): readonly string[] {
  let changed: string[] | undefined;
  for (const [index, word] of words.entries()) {
    const cleaned = cutText(clean('arguments', word), WORD_LENGTH);
    if (cleaned !== word) (changed ??= [...words])[index] = cleaned;
  }
  return changed ?? words;
}

/** Bounds of the record where an own one is needed (UTF-16 units). */
const ID_LENGTH = 200;
const WORD_LENGTH = 65_536;
const VALUE_LENGTH = 65_536;
const KEY_LENGTH = 400;

function within(field: string, text: string, cut: Record<string, string>): string {
  const most = maxLengthOf(field);
  if (most === undefined || text.length <= most) return text;
  cut[`${CUT}${field}`] = String(text.length);
  return cutText(text, most);
}

type Attributes = AgentEvent['attributes'];

function cleanAttributes(attributes: Attributes, clean: Clean): Attributes {
  let changed: Record<string, string> | undefined;
  for (const key in attributes) {
    const value = attributes[key] as string;
    const isKnown = cleanKeys.get(key);
    if (isKnown === false && value.length < SHORTEST) continue;
    const name = isKnown === undefined ? cleanKey(key, clean) : key;
    const kept = cutText(clean('attributes', value, isNamedSecret(key, value), name), VALUE_LENGTH);
    if (kept === value && name === key) continue;
    changed ??= { ...attributes };
    if (name === key) changed[key] = kept;
    else {
      // A key without its secret may be the key of another.
      delete changed[key]; // eslint-disable-line @typescript-eslint/no-dynamic-delete -- a plain record of texts
      changed[name in changed ? `${name}#${Object.keys(changed).length}` : name] = kept;
    }
  }
  return changed ?? attributes;
}

/** Keys repeat: those without a secret are remembered, up to a bound. */
const cleanKeys = new Map<string, boolean>();
const CLEAN_KEYS = 10_000;

function cleanKey(key: string, clean: Clean): string {
  const cleaned = clean('attributes', key);
  const name = cleaned === key ? key : cutText(cleaned, KEY_LENGTH);
  if (name === key && cleanKeys.size < CLEAN_KEYS && key.length < NAME_LENGTH) cleanKeys.set(key, SECRET_KEY.test(key));
  return name;
}

/** Kind of a secret that only its attribute's key reveals. */
const NAMED = 'named-secret';
const SECRET_KEY =
  /(?:^|[._-])(?:password|passwd|passphrase|secret|client[_-]?secret|authorization|api[_-]?key|access[_-]?token|refresh[_-]?token|id[_-]?token|auth[_-]?token|private[_-]?key|credentials?|(?:set-)?cookie)$/i;

/** `arguments.db.password`: the key says what the value is. */
function isNamedSecret(key: string, value: string): boolean {
  const isSecret = cleanKeys.get(key) ?? SECRET_KEY.test(key);
  return isSecret && value.length >= 4 && !isPlaceholder(value);
}

/** At most LIMIT entries; of more, the last one says how many are left out. */
function listed(found: readonly string[]): string[] {
  const all = [...new Set(found)];
  if (all.length <= LIMIT) return all;
  const kept = all.slice(0, LIMIT - 1);
  return [...kept, `and ${all.length - kept.length} more`];
}
