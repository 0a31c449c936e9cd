/** What may be done to senders and their credentials. Pure: clock and new tokens are handed in. */
import { ShellError } from '../../platform/shell-error.ts';
import { type Credential, type Sender, stateOf } from '../client.ts';
import type { NewToken } from './token.ts';

/** What holds for all that a sender sends or reads, whichever of its credentials it comes with. */
export type Terms = Pick<Sender, 'actor' | 'agents' | 'quota' | 'actorQuota' | 'reads'>;

export interface Named {
  readonly tenant: string;
  readonly sender: string;
}

/** Senders as they shall be, and the credential this is about. */
export interface Changed {
  readonly senders: readonly Sender[];
  readonly result: { readonly sender: Sender; readonly credential: Credential };
}

/** Ended credentials are listed for this long; revoked certificates for ever, since their names would count again. */
const REMEMBERED_MS = 90 * 86_400_000;

type Proof = Pick<NewToken, 'id' | 'sha256'> | { readonly id: string; readonly certificate: string };

export interface Creation {
  readonly named: Named;
  readonly use: Sender['use'];
  /** Of a new sender; a sender that exists has its own. */
  readonly terms: Terms;
  readonly proof: Proof;
  readonly now: number;
  readonly expiresAt?: number;
}

/** Adds a credential, and its sender where there is none of that name. @throws ShellError SENDER_EXISTS, CERTIFICATE_TAKEN */
export function addCredential(senders: readonly Sender[], creation: Creation): Changed {
  const { named, use, terms, proof, now, expiresAt } = creation;
  const existing = senders.find((sender) => isOf(sender, named));
  if (existing !== undefined && (Object.keys(terms).length > 0 || existing.use !== use))
    throw refused(
      'SENDER_EXISTS',
      `the sender ${named.tenant}/${named.sender} exists and has terms of its own; change them with vigil tokens set`,
    );
  const life = { id: proof.id, createdAt: now, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const credential: Credential =
    'certificate' in proof
      ? { kind: 'certificate', ...life, name: proof.certificate }
      : { kind: 'token', ...life, sha256: proof.sha256 };
  const kept = 'certificate' in proof ? withoutEnded(senders, proof.certificate) : senders;
  const before = kept.find((sender) => isOf(sender, named)) ?? { ...named, use, ...terms, credentials: [] };
  return replaceSender(kept, { ...before, credentials: [...before.credentials, credential] }, credential, now);
}

/** A new token for the sender of one, which ends when the overlap does. @throws ShellError UNKNOWN_CREDENTIAL, NOT_ACTIVE, NOT_A_TOKEN */
export function rotateToken(
  senders: readonly Sender[],
  {
    id,
    token,
    now,
    overlapMs,
    expiresAt,
  }: {
    readonly id: string;
    readonly token: NewToken;
    readonly now: number;
    readonly overlapMs: number;
    readonly expiresAt?: number;
  },
): Changed {
  const { sender, credential: old } = find(senders, id);
  if (old.kind !== 'token')
    throw refused('NOT_A_TOKEN', `${id} is a client certificate; its authority issues a new one under the same name`);
  if (stateOf(old, now) !== 'active') throw refused('NOT_ACTIVE', `${id} is ${stateOf(old, now)}; create a new one`);
  const ending = { ...old, expiresAt: Math.min(old.expiresAt ?? Infinity, now + overlapMs) };
  const credential: Credential = {
    kind: 'token',
    id: token.id,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    sha256: token.sha256,
  };
  const credentials = sender.credentials.map((each) => (each === old ? ending : each));
  return replaceSender(senders, { ...sender, credentials: [...credentials, credential] }, credential, now);
}

/** @throws ShellError UNKNOWN_CREDENTIAL */
export function revokeCredential(senders: readonly Sender[], id: string, now: number): Changed {
  const { sender, credential: old } = find(senders, id);
  const credential = { ...old, revokedAt: old.revokedAt ?? now };
  const credentials = sender.credentials.map((each) => (each === old ? credential : each));
  return replaceSender(senders, { ...sender, credentials }, credential, now);
}

export type TermChanges = { readonly [Term in keyof Terms]?: Terms[Term] | null };

/** @param changes null takes a term off @throws ShellError UNKNOWN_SENDER */
export function setTerms(
  senders: readonly Sender[],
  named: Named,
  changes: (before: Sender) => TermChanges,
): { readonly senders: readonly Sender[]; readonly result: Sender } {
  const before = senders.find((sender) => isOf(sender, named));
  if (before === undefined) throw refused('UNKNOWN_SENDER', `there is no sender ${named.tenant}/${named.sender}`);
  const entries = Object.entries({ ...before, ...changes(before) }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  const after = Object.fromEntries(entries) as unknown as Sender;
  return { senders: senders.map((sender) => (sender === before ? after : sender)), result: after };
}

function find(senders: readonly Sender[], id: string): { readonly sender: Sender; readonly credential: Credential } {
  for (const sender of senders) {
    const credential = sender.credentials.find((each) => each.id === id);
    if (credential !== undefined) return { sender, credential };
  }
  throw refused(
    'UNKNOWN_CREDENTIAL',
    `there is no credential ${JSON.stringify(id)}; vigil tokens list shows those there are`,
  );
}

/** A certificate's name may be given anew when its credential has ended. */
function withoutEnded(senders: readonly Sender[], name: string): readonly Sender[] {
  return senders.map((sender) => ({
    ...sender,
    credentials: sender.credentials.filter((each) => {
      if (each.kind !== 'certificate' || each.name !== name) return true;
      if (each.revokedAt === undefined)
        throw refused(
          'CERTIFICATE_TAKEN',
          `the certificate ${name} is a credential of ${sender.tenant}/${sender.sender} (${each.id})`,
        );
      return false;
    }),
  }));
}

function replaceSender(senders: readonly Sender[], sender: Sender, credential: Credential, now: number): Changed {
  const isNew = !senders.some((each) => isOf(each, sender));
  const all = isNew ? [...senders, sender] : senders.map((each) => (isOf(each, sender) ? sender : each));
  return { senders: all.map((each) => forgetEnded(each, now)), result: { sender, credential } };
}

function forgetEnded(sender: Sender, now: number): Sender {
  const isKept = (credential: Credential): boolean => {
    const endedAt = credential.revokedAt ?? credential.expiresAt;
    return credential.kind === 'certificate' || endedAt === undefined || endedAt > now - REMEMBERED_MS;
  };
  return sender.credentials.every(isKept) ? sender : { ...sender, credentials: sender.credentials.filter(isKept) };
}

function isOf(sender: Sender, { tenant, sender: name }: Named): boolean {
  return sender.tenant === tenant && sender.sender === name;
}

function refused(code: string, message: string): ShellError {
  return new ShellError(code, message, { retryable: false });
}
