/** How `vigil tokens` shows a credential: as a row of JSON, or as a line for people. */
import { type Credential, type RegisteredClient, stateOf } from '../access/client.ts';
import { describeTerms } from './token-terms.ts';

type Row = ReturnType<typeof rowOf>;

/** A credential with its client, without the hash. */
export function rowOf(client: RegisteredClient, credential: Credential, now: number) {
  const { tenant, sender, use, actor, agents, quota, actorQuota, reads } = client;
  const { id, kind, createdAt, expiresAt, revokedAt } = credential;
  const certificate = credential.kind === 'certificate' ? credential.name : undefined;
  const terms = { use, actor, agents, quota, actorQuota, reads };
  return {
    id,
    kind,
    certificate,
    state: stateOf(credential, now),
    tenant,
    sender,
    ...terms,
    createdAt,
    expiresAt,
    revokedAt,
  };
}

export function lineOf(row: Row & { readonly lastUsedAt: number | undefined }, client: RegisteredClient): string {
  const used = row.lastUsedAt === undefined ? 'never' : timeText(row.lastUsedAt);
  const proof = row.certificate === undefined ? 'token' : `certificate ${row.certificate}`;
  const columns = [
    row.id,
    row.state.padEnd(7),
    untilText(row.expiresAt).padEnd(23),
    `${row.tenant}/${row.sender}`.padEnd(32),
  ];
  return [...columns, proof, `last used ${used}`, describeTerms(client)].join('  ');
}

export function untilText(time: number | undefined): string {
  return time === undefined ? 'for ever' : `until ${timeText(time)}`;
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}
