import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf, contentParts, isAmong, parseQuarantineId, quarantineIdText } from './entry.ts';
import type { RejectedRange } from '../intake/rejected-records.ts';

it('finds a record among stretches as a search through all of them does', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 30 }), fc.nat({ max: 61 }), (records, asked) => {
      const ranges: [number, number, RejectedRange[2]][] = [];
      for (const record of records.sort((a, b) => a - b)) {
        const last = ranges.at(-1);
        if (last !== undefined && last[1] === record - 1) last[1] = record;
        else ranges.push([record, record, 'malformed_record']);
      }
      expect(isAmong(ranges, asked)).toBe(records.includes(asked));
    }),
  );
});

it('writes a content so that it reads as it was', () => {
  const rejectedRanges = { ranges: [[0, 7, 'invalid_event'] as const], more: 3 };
  for (const body of [Buffer.alloc(0), Buffer.from([0, 255, 10, 13])])
    expect(contentOf(Buffer.concat(contentParts({ rejectedRanges, body })))).toEqual({ ...rejectedRanges, body });
});

it('names a request or one of its records', () => {
  const id = 'a'.repeat(32);
  for (const named of [
    { id, record: undefined },
    { id, record: 0 },
    { id, record: 123 },
  ])
    expect(parseQuarantineId(quarantineIdText(named))).toEqual(named);
  for (const text of ['', 'a', `${id}.`, `${id}.x`, `${id}.-1`, `../${id}`])
    expect(parseQuarantineId(text)).toBeUndefined();
});
