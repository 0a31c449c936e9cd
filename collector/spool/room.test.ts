import { expect, it } from '@jest/globals';
import { tmpdir } from 'node:os';
import { createRoom } from './room.ts';

it('refuses above the size of the spool, measured periodically, and counts later additions', () => {
  let now = 1_000_000;
  let onDisk = 90;
  const room = createRoom({ path: tmpdir(), maxBytes: 100, reserveBytes: 0, now: () => now }, () => onDisk);
  expect(room.refusal()).toBeUndefined();
  room.grew(10);
  expect(room.sizeBytes()).toBe(100);
  expect(room.refusal()).toBe('the spool holds 100 bytes, its limit is 100');
  onDisk = 20;
  expect(room.refusal()).toBeDefined();
  now += 500;
  expect(room.refusal()).toBeUndefined();
  expect(room.sizeBytes()).toBe(20);
});

it('keeps the reserve of the disk free', () => {
  const options = { path: tmpdir(), maxBytes: 100, reserveBytes: Number.MAX_SAFE_INTEGER, now: () => 1_000_000 };
  expect(createRoom(options, () => 0).refusal()).toMatch(
    /^the disk has \d+ bytes left, 9007199254740991 are kept free$/,
  );
});
