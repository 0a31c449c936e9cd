import { describe, expect, it } from '@jest/globals';
import { encodeStatus, encodeSuccess } from './answer.ts';
import type { Signal } from './protobuf/read-protobuf.ts';
import { bytesField, concat, varintField } from './test-support/encoder.ts';

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe('the answer to an export', () => {
  it('is empty when nothing was rejected', () => {
    for (const partial of [undefined, { rejected: 0, message: '' }]) {
      expect(encodeSuccess('logs', 'protobuf', partial)).toHaveLength(0);
      expect(json(encodeSuccess('logs', 'json', partial))).toEqual({});
    }
  });

  it.each<[Signal, string]>([
    ['logs', 'rejectedLogRecords'],
    ['traces', 'rejectedSpans'],
    ['metrics', 'rejectedDataPoints'],
  ])('counts what was rejected of %s', (signal, name) => {
    const partial = { rejected: 3, message: 'no' };
    expect(json(encodeSuccess(signal, 'json', partial))).toEqual({
      partialSuccess: { [name]: '3', errorMessage: 'no' },
    });
    // partial_success { rejected 3, error_message "no" }
    expect(hex(encodeSuccess(signal, 'protobuf', partial))).toBe('0a06080312026e6f');
  });

  it('may warn without rejecting', () => {
    expect(hex(encodeSuccess('logs', 'protobuf', { rejected: 0, message: 'hm' }))).toBe('0a041202686d');
    expect(json(encodeSuccess('logs', 'json', { rejected: 0, message: 'hm' }))).toEqual({
      partialSuccess: { rejectedLogRecords: '0', errorMessage: 'hm' },
    });
  });

  it.each([1, 127, 128, 300, 2 ** 31, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER])('counts %i exactly', (rejected) => {
    const message = 'é'.repeat(100);
    const expected = bytesField(1, concat(varintField(1, rejected), bytesField(2, message)));
    expect(encodeSuccess('traces', 'protobuf', { rejected, message })).toEqual(expected);
    expect(json(encodeSuccess('traces', 'json', { rejected, message }))).toEqual({
      partialSuccess: { rejectedSpans: String(rejected), errorMessage: message },
    });
  });
});

describe('a status', () => {
  it('has a code and a message', () => {
    const status = { code: 3, message: 'malformed number at byte 7' };
    expect(encodeStatus('protobuf', status)).toEqual(concat(varintField(1, 3), bytesField(2, status.message)));
    expect(json(encodeStatus('json', status))).toEqual(status);
  });

  it('contains the retry time in protobuf', () => {
    const status = { code: 14, message: 'full' };
    const any = concat(
      bytesField(1, 'type.googleapis.com/google.rpc.RetryInfo'),
      bytesField(2, bytesField(1, varintField(1, 300))),
    );
    expect(encodeStatus('protobuf', { ...status, retryDelaySeconds: 300 })).toEqual(
      concat(varintField(1, 14), bytesField(2, 'full'), bytesField(3, any)),
    );
    expect(json(encodeStatus('json', { ...status, retryDelaySeconds: 300 }))).toEqual(status);
  });

  it('leaves defaults out of protobuf', () => {
    expect(encodeStatus('protobuf', { code: 0, message: '' })).toHaveLength(0);
    expect(hex(encodeStatus('protobuf', { code: 14, message: '' }))).toBe('080e');
  });
});
