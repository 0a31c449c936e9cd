/**
 * Answers to an export request: Export{Logs,Trace,Metrics}ServiceResponse and google.rpc.Status, in protobuf and JSON.
 *
 * Field numbers: the response has partial_success 1; that has rejected_* 1 (int64) and error_message 2. Status has
 * code 1 (int32), message 2 and details 3 (google/rpc/status.proto); a detail is a google.protobuf.Any of type_url 1 and
 * value 2, here a google.rpc.RetryInfo of retry_delay 1, a google.protobuf.Duration of seconds 1.
 */
import type { Signal } from './protobuf/read-protobuf.ts';

export type Encoding = 'json' | 'protobuf';

/** Rejected counts records (data points, for metrics). */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** `code` is one of google.rpc.Code, e.g. 3 INVALID_ARGUMENT, 14 UNAVAILABLE. */
export interface Status {
  readonly code: number;
  readonly message: string;
  /** Time until the sender may retry, in whole seconds; only in protobuf. */
  readonly retryDelaySeconds?: number;
}

const REJECTED: Readonly<Record<Signal, string>> = {
  logs: 'rejectedLogRecords',
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
};
const text = new TextEncoder();

/** A response that accepts everything, or with `partial` everything except the rejected records. */
export function encodeSuccess(signal: Signal, encoding: Encoding, partial?: PartialSuccess): Uint8Array {
  const isPartial = partial !== undefined && (partial.rejected > 0 || partial.message !== '');
  if (encoding === 'json') {
    // 64-bit integers are strings in protobuf's JSON mapping.
    const answer = isPartial
      ? { partialSuccess: { [REJECTED[signal]]: String(partial.rejected), errorMessage: partial.message } }
      : {};
    return text.encode(JSON.stringify(answer));
  }
  if (!isPartial) return new Uint8Array(0);
  const inner: number[] = [];
  if (partial.rejected > 0) inner.push(0x08, ...varint(partial.rejected));
  const message = textField(2, partial.message);
  return join([0x0a, ...varint(inner.length + message.length), ...inner], message);
}

export function encodeStatus(encoding: Encoding, status: Status): Uint8Array {
  if (encoding === 'json') return text.encode(JSON.stringify({ code: status.code, message: status.message }));
  const code = status.code > 0 ? [0x08, ...varint(status.code)] : [];
  const retry = status.retryDelaySeconds === undefined ? [] : [...bytesField(3, retryInfo(status.retryDelaySeconds))];
  return join([...code, ...textField(2, status.message)], Uint8Array.from(retry));
}

function retryInfo(seconds: number): Uint8Array {
  const delay = bytesField(1, join([0x08, ...varint(seconds)], new Uint8Array(0)));
  return join([...textField(1, 'type.googleapis.com/google.rpc.RetryInfo')], bytesField(2, delay));
}

function textField(field: number, value: string): Uint8Array {
  return value === '' ? new Uint8Array(0) : bytesField(field, text.encode(value));
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return join([(field << 3) | 2, ...varint(bytes.length)], bytes);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}

function join(head: readonly number[], tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}
