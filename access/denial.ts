/** Why a client may not do what its request asks. Each protocol renders it in its own way. */

export type DenialReason =
  /** No credential, or none that is valid. */
  | 'credential'
  /** The client is known and lacks the right. */
  | 'forbidden'
  /** The request used a host name that is not ours. */
  | 'host'
  /** A web page made a browser send the request. */
  | 'page';

export interface Denial {
  readonly kind: 'denied';
  readonly reason: DenialReason;
  readonly message: string;
}

export const STATUS_OF_DENIAL = { credential: 401, forbidden: 403, host: 421, page: 403 } as const satisfies Readonly<
  Record<DenialReason, number>
>;

export function denied(reason: DenialReason, message: string): Denial {
  return { kind: 'denied', reason, message };
}

export const CREDENTIAL_NEEDED = denied('credential', 'a credential is needed');
