/** What is told of a request that is no OTLP and was refused whole. Pure. */
import type { Reject } from '../../schemas/records/reject.ts';
import { hashParts, sha256 } from '../../platform/hash.ts';
import type { OtlpSignal } from '../../schemas/otlp/request.ts';
import type { OtlpDecodeError } from '../../schemas/otlp/record.ts';
import { type TenantPrivacy, createProtection } from '../privacy/protection.ts';
import { RejectedRecords } from './rejected-records.ts';

export interface RefusedRequest {
  readonly tenant: string;
  readonly sender: string;
  readonly signal: OtlpSignal;
  readonly body: Uint8Array;
  readonly error: OtlpDecodeError;
  readonly receivedAt: number;
  readonly privacyOf: (tenant: string) => TenantPrivacy;
}

const RECORD = { logs: 'log', traces: 'span', metrics: 'metric' } as const;

export function refusedRequest({ tenant, sender, signal, body, error, receivedAt, privacyOf }: RefusedRequest) {
  const redacted = new Map<string, number>();
  const note = (kind: string): void => void redacted.set(kind, (redacted.get(kind) ?? 0) + 1);
  const protection = createProtection(privacyOf(tenant), hashParts, note);
  const rejectedRecords = new RejectedRecords({ tenant, sender, hash128: hashParts, sha256, protection });
  rejectedRecords.add({
    signal: RECORD[signal],
    record: undefined,
    reason: 'malformed_request',
    detail: error.message,
    whole: body,
    receivedAt,
  });
  const rejects: readonly Reject[] = rejectedRecords.finish().rejects;
  return { rejects, redacted };
}
