/**
 * A client sends telemetry or reads what Vigil stores; its credentials prove who it is. `vigil tokens` writes clients to a
 * file, and every role that listens reads that file.
 */
import { z } from 'zod';
import type { Right } from '../schemas/api/rights.ts';
import type { Origin } from '../schemas/otlp/request.ts';

/** Names of tenants, clients and actors. They contain no slash, because keys join them with one. */
export const NAME = /^[\w.@-]{1,64}$/;
export const NAME_WANTED = 'a name of at most 64 letters, digits and . @ _ -';

const Name = z.string().regex(NAME, NAME_WANTED);
const UnixMs = z.int().nonnegative();
const PerMinute = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** A limit that is absent does not apply. */
export const Quota = z.strictObject({
  requestsPerMinute: PerMinute.optional(),
  /** Counts decompressed bodies. */
  bytesPerMinute: PerMinute.optional(),
  recordsPerMinute: PerMinute.optional(),
});
export type Quota = z.infer<typeof Quota>;

const Life = {
  /** Ten hex digits; part of the token, and safe to show. */
  id: z.string().regex(/^[0-9a-f]{10}$/),
  createdAt: UnixMs,
  /** The credential is rejected from this time on. */
  expiresAt: UnixMs.optional(),
  revokedAt: UnixMs.optional(),
};

export const Credential = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('token'),
    ...Life,
    /** Hash of the whole token, lower-case hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  z.strictObject({
    kind: z.literal('certificate'),
    ...Life,
    /** One of the names in the client certificate. */
    name: z.string().min(1).max(253),
  }),
]);
export type Credential = z.infer<typeof Credential>;

/** `telemetry` sends to the collector, `read` reads the audit API and its page, `metrics` reads `/metrics`. */
export const USES = ['telemetry', 'read', 'metrics'] as const;
export type Use = (typeof USES)[number];

/** In `reads`: every tenant. */
export const EVERY_TENANT = '*';

/** A client as the file of clients stores it. */
export const RegisteredClient = z.strictObject({
  tenant: Name,
  /** The client's name; records that it sends carry it. */
  sender: Name,
  use: z.enum(USES),
  /** The actor of everything it sends, regardless of the payload. Without it, the session names its own actor. */
  actor: Name.optional(),
  /** Agents it may send for; without it, any. */
  agents: z.array(z.string().min(1).max(128)).min(1).optional(),
  quota: Quota.optional(),
  /** Applies to each actor that it sends for. */
  actorQuota: Quota.optional(),
  /** For the use `read`: tenants it may read besides its own; `*` is every tenant. */
  reads: z
    .array(z.union([Name, z.literal(EVERY_TENANT)]))
    .min(1)
    .max(1_000)
    .optional(),
  credentials: z.array(Credential),
});
export type RegisteredClient = z.infer<typeof RegisteredClient>;

/** A client as a request proved it, with the rights and terms that are in force now. */
export interface Client extends Origin {
  readonly rights: readonly Right[];
  /** Tenants it may read besides its own; `*` is every tenant. */
  readonly reads: readonly string[];
  readonly quota?: Quota | undefined;
  readonly actorQuota?: Quota | undefined;
  /** Absent for a request without a credential, and for a client certificate that is not registered. */
  readonly credential?: CredentialInForce;
  /** The request had no credential, and none was required. */
  readonly isAnonymous: boolean;
}

export interface CredentialInForce {
  /** Finds the credential again; reveals nothing about the token. */
  readonly key: string;
  /** ms since epoch */
  readonly endsAt?: number | undefined;
}

export type State = 'active' | 'expired' | 'revoked';

export function stateOf({ expiresAt, revokedAt }: Credential, now: number): State {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active';
}

export function mayRead({ tenant, reads }: Pick<Client, 'tenant' | 'reads'>, asked: string): boolean {
  return asked === tenant || reads.includes(EVERY_TENANT) || reads.includes(asked);
}
