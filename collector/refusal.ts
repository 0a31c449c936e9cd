/** Why a request is not taken, whatever it came by; each protocol has its own words for it. */
import { ShellError } from '../platform/shell-error.ts';
import type { DenialReason } from '../access/denial.ts';
import { OtlpDecodeError } from '../schemas/otlp/record.ts';

/** Of these, `busy`, `quota` and `too_slow` may be cured by sending the same again. */
export type RefusalReason =
  | 'method'
  | 'media_type'
  | 'compression'
  | DenialReason
  | 'malformed'
  | 'too_large'
  | 'too_slow'
  | 'quota'
  | 'busy'
  | 'fault';

/** When to come again, told with a refusal that time may cure. */
const RETRY_AFTER_SECONDS = 1;

interface Details {
  /** Which limit it was, for the counts. */
  readonly limit?: string;
  /** Whole seconds. */
  readonly retryAfterSeconds?: number;
}

/** An answer other than success. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;
  readonly limit: string | undefined;
  readonly retryAfterSeconds: number;
  constructor(reason: RefusalReason, message: string, details: Details = {}) {
    super(message);
    this.reason = reason;
    this.limit = details.limit;
    this.retryAfterSeconds = details.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
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
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;
