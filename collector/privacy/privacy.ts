/**
 * Treats personal data by a tenant's policy: kept, masked, put under a pseudonym, or dropped. Pure: the keyed hash is
 * a parameter. Where the policy says nothing, all is kept.
 */
import { blankEvent } from '../../schemas/records/agent-event.ts';
import type { EventDraft, Identity } from '../../agents/mapping/mapping.ts';
import { NAMES, TREATED } from './event-fields.ts';
import { markerOf, type OnRedaction } from './redact.ts';

export const PRIVACY_ACTIONS = ['keep', 'mask', 'pseudonymise', 'drop'] as const;
export type PrivacyAction = (typeof PRIVACY_ACTIONS)[number];

/** Fields of an event, and findings within its texts. */
export const PERSONAL = ['userId', 'userEmail', 'host', 'emailAddress', 'homeUser', 'ipAddress'] as const;
export type Personal = (typeof PERSONAL)[number];

export interface PrivacyPolicy {
  readonly personal: Readonly<Partial<Record<Personal, PrivacyAction>>>;
  /** By the attribute's key. */
  readonly attributes: Readonly<Record<string, PrivacyAction>>;
  /** How many characters of prompts and answers are kept, after redaction. */
  readonly contentLength: number;
}

export const KEEP_ALL: PrivacyPolicy = { personal: {}, attributes: {}, contentLength: 0 };

/** A draft whose `content` was removed; `vigil.content` holds what the policy keeps of it. */
export type ProtectedDraft = Omit<EventDraft, 'content'>;

export interface Privacy {
  /** The actor follows: a person under a pseudonym stays one actor, one that is masked or dropped cannot be distinguished from others. */
  readonly identity: (identity: Identity) => Identity;
  readonly draft: (draft: ProtectedDraft, onRedaction: OnRedaction) => ProtectedDraft;
  /** Refused text, in which nothing marks a name: undefined where the policy would need to know. */
  readonly refused: (text: string) => string | undefined;
}

/** @param pseudonym keyed, and another for each tenant: of the same text always the same */
export function createPrivacy(policy: PrivacyPolicy, pseudonym: (text: string) => string): Privacy | undefined {
  const { personal, attributes } = policy;
  const isActive = (action: PrivacyAction | undefined): boolean => action !== undefined && action !== 'keep';
  if (!Object.values(personal).some(isActive) && !Object.values(attributes).some(isActive)) return undefined;
  const treat = (what: string, action: PrivacyAction | undefined, text: string): string => {
    if (text === '' || action === undefined || action === 'keep') return text;
    return action === 'pseudonymise' ? pseudonym(text) : action === 'mask' ? markerOf(what) : '';
  };
  const within = inTexts(personal, treat);
  return {
    identity: ({ account, user, install, host }) => {
      const kept = (action: PrivacyAction | undefined, text: string | undefined): string | undefined =>
        text === undefined || action === 'mask' || action === 'drop' ? undefined : treat('', action, text);
      const all = {
        account: kept(personal.userId, account),
        user: kept(user?.includes('@') === true ? personal.userEmail : personal.userId, user),
        install: kept(personal.userId, install),
        host: kept(personal.host, host),
      };
      return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== undefined));
    },
    draft: (draft, onRedaction) => treatDraft(draft, policy, treat, within, onRedaction),
    refused: (text) =>
      isActive(personal.userId) || isActive(personal.host) || Object.values(attributes).some(isActive)
        ? undefined
        : within(text),
  };
}

type Treat = (what: string, action: PrivacyAction | undefined, text: string) => string;

/** A shorter name occurs in texts by chance. */
const NAME_LENGTH = 5;

/** Kind of redaction by field: `user-email` for `userEmail`. */
const NAME_KINDS: ReadonlyMap<string, string> = new Map(
  NAMES.map((field) => [field, field.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)]),
);

function treatDraft(
  draft: ProtectedDraft,
  { personal, attributes }: PrivacyPolicy,
  treat: Treat,
  within: (text: string) => string,
  onRedaction: OnRedaction,
): ProtectedDraft {
  const done = new Set<string>();
  const note = (field: string, kind: string): void => {
    done.add(`${field}:${kind}`);
    onRedaction(kind);
  };
  const actionOn = (field: string): PrivacyAction | undefined => personal[field as Personal];
  /** The persons that the record names, wherever else it names them. */
  const names = [...NAME_KINDS].flatMap(([field, kind]): readonly (readonly [string, string])[] => {
    const value = draft[field as keyof ProtectedDraft];
    const action = actionOn(field);
    if (typeof value !== 'string' || value.length < NAME_LENGTH || action === undefined || action === 'keep') return [];
    return [[value, treat(kind, action, value)]];
  });
  const clean = (text: string): string =>
    within(names.reduce((out, [name, instead]) => (out.includes(name) ? out.replaceAll(name, instead) : out), text));
  const result: Record<string, unknown> = blankEvent();
  for (const [field, value] of Object.entries(draft)) {
    if (typeof value !== 'string' || !TREATED.has(field)) {
      result[field] = value;
      continue;
    }
    const kind = NAME_KINDS.get(field);
    const kept = kind === undefined ? clean(value) : treat(kind, actionOn(field), value);
    if (kept !== value) note(field, kind ?? 'personal');
    if (kept !== '') result[field] = kept;
  }
  result['attributes'] = Object.fromEntries(
    Object.entries(draft.attributes).flatMap(([key, value]) => {
      const action = attributes[key];
      const kept = action === undefined ? clean(value) : treat('attribute', action, value);
      if (kept !== value)
        note(`attributes.${key}`.slice(0, 100).toWellFormed(), action === undefined ? 'personal' : 'attribute');
      return kept === '' && value !== '' ? [] : [[key, kept]];
    }),
  );
  if (draft.arguments !== undefined) result['arguments'] = draft.arguments.map(clean);
  if (done.size > 0) result['redactions'] = [...(draft.redactions ?? []), ...done].slice(0, 256);
  return result as unknown as ProtectedDraft;
}

const EMAIL = /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}/g;
const HOME =
  /((?:^|[^A-Za-z0-9])(?:\/home\/|\/Users\/|[A-Za-z]:(?:\\{1,4}|\/)Users(?:\\{1,4}|\/)))([^\s/\\"'<>|:;*?]{1,64})/g;
const IPV4 =
  /(?<![\d.])(?!127\.|0\.0\.0\.0)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)/g;
const IPV6 = /(?<![0-9A-Fa-f:.])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){1,7}(?![0-9A-Fa-f:])/g;
/** Folders of the machine, not of a person. */
const SHARED = new Set(['Shared', 'Public', 'Default', 'All Users']);

/** E-mail addresses, names of home directories and IP addresses, wherever a text has them. */
function inTexts(personal: PrivacyPolicy['personal'], treat: Treat): (text: string) => string {
  const { emailAddress, homeUser, ipAddress } = personal;
  return (text) => {
    let out = text;
    if (isSet(emailAddress) && out.includes('@'))
      out = out.replace(EMAIL, (found) => treat('email-address', emailAddress, found));
    if (isSet(homeUser))
      out = out.replace(HOME, (found, before: string, name: string) =>
        SHARED.has(name) || name.startsWith('[REDACTED') ? found : `${before}${treat('home-user', homeUser, name)}`,
      );
    if (isSet(ipAddress))
      for (const form of [IPV4, IPV6]) out = out.replace(form, (found) => treat('ip-address', ipAddress, found));
    return out;
  };
}

function isSet(action: PrivacyAction | undefined): boolean {
  return action !== undefined && action !== 'keep';
}
