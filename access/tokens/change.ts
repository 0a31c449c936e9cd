/** Changes clients and their credentials. Pure: the clock and new tokens are parameters. */
import { ShellError } from '../../platform/shell-error.ts';
import { type Credential, type RegisteredClient, type Use, stateOf } from '../client.ts';
import type { NewToken } from './token.ts';

/** Applies to everything a client sends or reads, with any of its credentials. */
export type Terms = Pick<RegisteredClient, 'actor' | 'agents' | 'quota' | 'actorQuota' | 'reads'>;

export type ClientName = Pick<RegisteredClient, 'tenant' | 'sender'>;

/** The clients after a change, and the credential that was changed. */
export interface Changed {
  readonly clients: readonly RegisteredClient[];
  readonly result: { readonly client: RegisteredClient; readonly credential: Credential };
}

/** Ended credentials stay for this long. Revoked certificates stay for ever, because without them their names would be valid again. */
const REMEMBERED_MS = 90 * 86_400_000;

type Proof = Pick<NewToken, 'id' | 'sha256'> | { readonly id: string; readonly certificate: string };

export interface Creation {
  readonly name: ClientName;
  readonly use: Use;
  /** Terms of a new client; an existing client keeps its own. */
  readonly terms: Terms;
  readonly proof: Proof;
  readonly now: number;
  readonly expiresAt?: number;
}

/** Adds a credential, and its client when the name is new. @throws ShellError CLIENT_EXISTS, CERTIFICATE_TAKEN */
export function addCredential(clients: readonly RegisteredClient[], creation: Creation): Changed {
  const { name, use, terms, proof, now, expiresAt } = creation;
  const existing = clients.find((client) => isNamed(client, name));
  if (existing !== undefined && (Object.keys(terms).length > 0 || existing.use !== use))
    throw failed(
      'CLIENT_EXISTS',
      `the client ${name.tenant}/${name.sender} exists and has terms of its own; change them with vigil tokens set`,
    );
  const life = { id: proof.id, createdAt: now, ...(expiresAt === undefined ? {} : { expiresAt }) };
  const credential: Credential =
    'certificate' in proof
      ? { kind: 'certificate', ...life, name: proof.certificate }
      : { kind: 'token', ...life, sha256: proof.sha256 };
  const kept = 'certificate' in proof ? withoutRevoked(clients, proof.certificate) : clients;
  const before = kept.find((client) => isNamed(client, name)) ?? { ...name, use, ...terms, credentials: [] };
  return replaceClient(kept, { ...before, credentials: [...before.credentials, credential] }, credential, now);
}

/** Adds a new token to the client of an old one; the old one ends when the overlap does. @throws ShellError UNKNOWN_CREDENTIAL, NOT_ACTIVE, NOT_A_TOKEN */
export function rotateToken(
  clients: readonly RegisteredClient[],
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
  const { client, credential: old } = find(clients, id);
  if (old.kind !== 'token')
    throw failed('NOT_A_TOKEN', `${id} is a client certificate; its authority issues a new one under the same name`);
  if (stateOf(old, now) !== 'active') throw failed('NOT_ACTIVE', `${id} is ${stateOf(old, now)}; create a new one`);
  const ending = { ...old, expiresAt: Math.min(old.expiresAt ?? Infinity, now + overlapMs) };
  const credential: Credential = {
    kind: 'token',
    id: token.id,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    sha256: token.sha256,
  };
  const credentials = client.credentials.map((each) => (each === old ? ending : each));
  return replaceClient(clients, { ...client, credentials: [...credentials, credential] }, credential, now);
}

/** @throws ShellError UNKNOWN_CREDENTIAL */
export function revokeCredential(clients: readonly RegisteredClient[], id: string, now: number): Changed {
  const { client, credential: old } = find(clients, id);
  const credential = { ...old, revokedAt: old.revokedAt ?? now };
  const credentials = client.credentials.map((each) => (each === old ? credential : each));
  return replaceClient(clients, { ...client, credentials }, credential, now);
}

export type TermChanges = { readonly [Term in keyof Terms]?: Terms[Term] | null };

/** @param changes null removes a term @throws ShellError UNKNOWN_CLIENT */
export function setTerms(
  clients: readonly RegisteredClient[],
  name: ClientName,
  changes: (before: RegisteredClient) => TermChanges,
): { readonly clients: readonly RegisteredClient[]; readonly result: RegisteredClient } {
  const before = clients.find((client) => isNamed(client, name));
  if (before === undefined) throw failed('UNKNOWN_CLIENT', `there is no client ${name.tenant}/${name.sender}`);
  const entries = Object.entries({ ...before, ...changes(before) }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  const after = Object.fromEntries(entries) as unknown as RegisteredClient;
  return { clients: clients.map((client) => (client === before ? after : client)), result: after };
}

function find(
  clients: readonly RegisteredClient[],
  id: string,
): { readonly client: RegisteredClient; readonly credential: Credential } {
  for (const client of clients) {
    const credential = client.credentials.find((each) => each.id === id);
    if (credential !== undefined) return { client, credential };
  }
  throw failed('UNKNOWN_CREDENTIAL', `there is no credential ${JSON.stringify(id)}; vigil tokens list shows all`);
}

/** The name of a revoked certificate may be registered again. @throws ShellError CERTIFICATE_TAKEN */
function withoutRevoked(clients: readonly RegisteredClient[], name: string): readonly RegisteredClient[] {
  return clients.map((client) => ({
    ...client,
    credentials: client.credentials.filter((each) => {
      if (each.kind !== 'certificate' || each.name !== name) return true;
      if (each.revokedAt === undefined)
        throw failed(
          'CERTIFICATE_TAKEN',
          `the certificate ${name} is a credential of ${client.tenant}/${client.sender} (${each.id})`,
        );
      return false;
    }),
  }));
}

function replaceClient(
  clients: readonly RegisteredClient[],
  client: RegisteredClient,
  credential: Credential,
  now: number,
): Changed {
  const isNew = !clients.some((each) => isNamed(each, client));
  const all = isNew ? [...clients, client] : clients.map((each) => (isNamed(each, client) ? client : each));
  return { clients: all.map((each) => forgetEnded(each, now)), result: { client, credential } };
}

function forgetEnded(client: RegisteredClient, now: number): RegisteredClient {
  const isKept = (credential: Credential): boolean => {
    const endedAt = credential.revokedAt ?? credential.expiresAt;
    return credential.kind === 'certificate' || endedAt === undefined || endedAt > now - REMEMBERED_MS;
  };
  return client.credentials.every(isKept) ? client : { ...client, credentials: client.credentials.filter(isKept) };
}

function isNamed(client: RegisteredClient, { tenant, sender }: ClientName): boolean {
  return client.tenant === tenant && client.sender === sender;
}

function failed(code: string, message: string): ShellError {
  return new ShellError(code, message, { retryable: false });
}
