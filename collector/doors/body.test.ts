import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createBody } from './body.ts';

it('equals the received bytes for any split, and does not change the parts', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (cut) => {
      // Parts of one buffer, as a socket gives them: what is written beyond one would be in the next.
      const whole = Buffer.concat(cut);
      const before = Buffer.from(whole);
      const body = createBody();
      let at = 0;
      for (const { length } of cut) {
        body.add(whole.subarray(at, at + length));
        at += length;
      }
      expect([body.sizeBytes(), body.bytes(), whole]).toEqual([whole.length, before, before]);
    }),
  );
});

it('keeps one part as it is', () => {
  const part = Buffer.from('whole');
  const body = createBody();
  body.add(part);
  expect(body.bytes().buffer).toBe(part.buffer);
});

it('keeps of a hundred thousand parts of one byte no more than of one', () => {
  const body = createBody();
  const slabs = Array.from({ length: 100 }, () => Buffer.alloc(1_000, 'x'));
  for (const slab of slabs) for (let at = 0; at < slab.length; at += 1) body.add(slab.subarray(at, at + 1));
  expect(body.bytes().toString()).toBe('x'.repeat(100_000));
  expect(body.bytes().buffer.byteLength).toBeLessThan(200_000);
});
