/** Why a request may not come in. Each protocol answers it in its own words. */

export type DenialReason =
  /** No credential, or none that is valid. */
  | 'credential'
  /** The credential is for another use. */
  | 'forbidden'
  /** The request used a name that is not ours, or a web page made a browser send it. */
  | 'host'
  | 'page';

export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
  readonly reason: DenialReason;
  constructor(reason: DenialReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
