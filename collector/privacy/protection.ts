/** Protects a record's events before anything else sees them: removes secrets, cuts contents, treats personal data. Pure. */
import { type AgentEvent, blankEvent } from '../../schemas/records/agent-event.ts';
import type { EventDraft, Identity } from '../../agents/mapping/mapping.ts';
import { KEEP_ALL, type Privacy, type PrivacyPolicy, type ProtectedDraft } from './privacy.ts';
import { type OnRedaction, redact, redactText } from './redact.ts';

export interface TenantPrivacy {
  readonly policy: PrivacyPolicy;
  /** Undefined where all personal data is kept. */
  readonly privacy: Privacy | undefined;
}

/** The privacy step for one tenant. */
export interface Protection {
  readonly draft: (draft: EventDraft) => ProtectedDraft;
  readonly identity: (identity: Identity) => Identity;
  /** An event after fields were read out of its command line: a line that was encoded may only now show a secret. */
  readonly event: (event: AgentEvent) => AgentEvent;
  /**
   * The text of a rejected record, or why it is withheld.
   *
   * @param kept of the text (UTF-16 units); what follows is only read, to know a secret at its end
   */
  readonly refused: (text: string, kept?: number) => string;
  readonly detail: (text: string) => string;
}

/** Fields that are read out of a command line. */
const READ_OUT = ['program', 'filePath', 'networkHost', 'networkMethod'] as const;
const WITHHELD =
  '[WITHHELD: by the privacy policy of the tenant, under which a record that was not understood is not kept]';
/** UTF-16 units searched beyond what is kept of a content: a secret that is cut off is hard to recognise. */
const BEYOND = 8192;

export function createProtection(
  { policy, privacy }: TenantPrivacy = { policy: KEEP_ALL, privacy: undefined },
  hash: (text: string) => string,
  onRedaction: OnRedaction,
): Protection {
  let last: { readonly claimed: Identity; readonly kept: Identity } | undefined;
  return {
    draft: (draft) => {
      const { content } = draft;
      const event = content === undefined ? draft : withoutContent(draft);
      const clean = withContent(redact(event, hash, onRedaction), content, policy.contentLength, onRedaction);
      return privacy?.draft(clean, onRedaction) ?? clean;
    },
    identity: (identity) => {
      // The records of a request are mostly about one.
      if (last === undefined || !isSame(last.claimed, identity)) {
        const clean = withoutSecrets(identity, hash);
        last = { claimed: identity, kept: privacy?.identity(clean) ?? clean };
      }
      return last.kept;
    },
    event: (event) => redact(event, hash, onRedaction, event.derivedFrom === undefined ? READ_OUT : undefined),
    refused: (text, kept = text.length) => {
      const clean = redactText(text, onRedaction, true);
      const treated = privacy === undefined ? clean : privacy.refused(clean);
      if (treated === undefined) return WITHHELD;
      const read = text.length - kept;
      // Where markers made it shorter, the end of what was read must not move into what is kept.
      return read === 0 ? treated : treated.slice(0, Math.max(0, Math.min(kept, treated.length - read)));
    },
    detail: (text) => {
      const clean = redactText(text, onRedaction);
      return privacy === undefined ? clean : (privacy.refused(clean) ?? clean.replace(/:.*$/s, ': …'));
    },
  };
}

function isSame(a: Identity, b: Identity): boolean {
  return a.account === b.account && a.user === b.user && a.ci === b.ci && a.install === b.install && a.host === b.host;
}

/** A name that contains a secret stays distinct. */
function withoutSecrets(identity: Identity, hash: (text: string) => string): Identity {
  let changed: Record<string, string> | undefined;
  for (const [kind, name] of Object.entries(identity) as [keyof Identity, string][]) {
    const clean = redactText(name);
    if (clean !== name) (changed ??= { ...identity })[kind] = `${clean}#${hash(name)}`;
  }
  return changed ?? identity;
}

/** A copy with the layout of every event (see `blankEvent`), which a rest pattern would not have. */
export function withoutContent(draft: EventDraft): ProtectedDraft {
  const copy: Record<string, unknown> = blankEvent();
  for (const field in draft) if (field !== 'content') copy[field] = draft[field as keyof EventDraft];
  return copy as unknown as ProtectedDraft;
}

/** Keeps the first `length` characters of a prompt or an answer. */
function withContent(
  draft: ProtectedDraft,
  content: string | undefined,
  length: number,
  onRedaction: OnRedaction,
): ProtectedDraft {
  if (content === undefined || length === 0) return draft;
  const clean = redactText(content.slice(0, length + BEYOND), onRedaction);
  const cut = clean.length > length ? { 'vigil.cut.content': String(content.length) } : {};
  const kept = clean.slice(0, length).toWellFormed();
  return { ...draft, attributes: { ...draft.attributes, 'vigil.content': kept, ...cut } };
}
