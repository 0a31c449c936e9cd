/** Why a request is not taken, whatever it came by; each protocol has its own words for it. */
import { ShellError } from '../platform/shell-error.ts';
import { OtlpDecodeError } from './otlp/record.ts';

/** Of these, `busy` and `too_slow` may be cured by sending the same again. */
export type RefusalReason =
  'method' | 'media_type' | 'compression' | 'credential' | 'malformed' | 'too_large' | 'too_slow' | 'busy' | 'fault';

/** An answer other than success. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The sender hung up before all of its request was here: nothing was taken, and nobody is there to answer. */
export class SenderGone extends Error {
  override readonly name = 'SenderGone';
}

/** Never `malformed` for something that a retry may cure. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof OtlpDecodeError) return new Refusal('malformed', error.message);
  if (error instanceof ShellError && error.retryable) return new Refusal('busy', error.message);
  return new Refusal('fault', 'internal error');
}

/** google.rpc.Code */
export const CODE = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;
