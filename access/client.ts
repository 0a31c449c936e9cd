/** A sender and the credentials that prove it: what `vigil tokens` writes and a collector reads. */
import { z } from 'zod';

/** Of tenants, senders and actors: no slash, which separates them in keys. */
export const NAME = /^[\w.@-]{1,64}$/;
export const NAME_WANTED = 'a name of at most 64 letters, digits and . @ _ -';

const Name = z.string().regex(NAME, NAME_WANTED);
const UnixMs = z.int().nonnegative();
const PerMinute = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** What is not named is not bounded. */
export const Quota = z.strictObject({
  requestsPerMinute: PerMinute.optional(),
  /** Bytes of bodies, decompressed. */
  bytesPerMinute: PerMinute.optional(),
  recordsPerMinute: PerMinute.optional(),
});
export type Quota = z.infer<typeof Quota>;

const Life = {
  /** By which it is named to people and in tokens: ten hex digits. */
  id: z.string().regex(/^[0-9a-f]{10}$/),
  createdAt: UnixMs,
  /** From then on it is refused. */
  expiresAt: UnixMs.optional(),
  revokedAt: UnixMs.optional(),
};

export const Credential = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('token'),
    ...Life,
    /** Of the whole token, lower-case hex. */
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

export const USES = ['telemetry', 'read', 'metrics'] as const;
export type Use = (typeof USES)[number];

/** Stands for every tenant. */
export const EVERY_TENANT = '*';

export const Sender = z.strictObject({
  tenant: Name,
  sender: Name,
  /** Each credential is for one thing: `telemetry` sends, `read` reads the audit API and its page, `metrics` reads `/metrics`. */
  use: z.enum(USES),
  /** Whose everything is that it sends, whatever the payload says; without it sessions have the actor they name. */
  actor: Name.optional(),
  /** Agents it may send for; any when absent. */
  agents: z.array(z.string().min(1).max(128)).min(1).optional(),
  quota: Quota.optional(),
  /** Of each actor that it sends for. */
  actorQuota: Quota.optional(),
  /** Of `read`: tenants besides its own whose data it may read, or `*` for every one. */
  reads: z
    .array(z.union([Name, z.literal(EVERY_TENANT)]))
    .min(1)
    .max(1_000)
    .optional(),
  credentials: z.array(Credential),
});
export type Sender = z.infer<typeof Sender>;

export type State = 'active' | 'expired' | 'revoked';

export function stateOf({ expiresAt, revokedAt }: Credential, now: number): State {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active';
}
