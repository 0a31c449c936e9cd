import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataKey } from '../../../platform/encryption/data-key.ts';
import { type Segment, createSegment as createWith, isCutOff, openSegment as openWith } from './segment.ts';
import { PLAINTEXT, encodeCommit, sealedCoding } from './segment-format.ts';

type State = { readonly n: number };
let folder = '';
let path = '';
const open: Segment<State>[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-segment-'));
  path = join(folder, '1.seg');
});
afterEach(() => {
  for (const segment of open.splice(0)) segment.close();
  rmSync(folder, { recursive: true, force: true });
});
const opened = (segment: Segment<State> | undefined): Segment<State> => {
  if (segment === undefined) throw new Error('nothing to open');
  open.push(segment);
  return segment;
};
const entry = (sequence: number, text = `entry ${sequence}`) => ({ sequence, bytes: Buffer.from(text) });
const stateOf = (segment: Segment<State>): State | undefined => [...segment.states()].at(-1);
const contentOf = (segment: Segment<State>, after = 0): readonly string[] =>
  [...segment.read(after)].map(({ sequence, bytes }) => `${sequence} ${bytes.toString()}`);

describe.each([
  ['in plaintext', undefined],
  ['sealed', createDataKey(Buffer.alloc(32, 7))],
])('a segment %s', (_, key) => {
  const createSegment = <S>(at: string, number: number, begin: S) => createWith<S>(at, number, begin, key);
  const openSegment = <S>(at: string, number: number, isLast: boolean) => openWith<S>(at, number, isLast, key);

  it('keeps its entries and its state across a restart, and reads on from any sequence', async () => {
    const segment = opened(createSegment<State>(path, 1, { n: 0 }));
    for (let n = 1; n <= 50; n += 1)
      await segment.append([entry(n * 10), entry(n * 10 + 1, 'x'.repeat(10_000))], { n });
    for (const after of [0, 10, 255, 500, 501]) {
      const expected = contentOf(segment).filter((line) => Number(line.split(' ', 1)[0]) > after);
      expect(contentOf(segment, after)).toEqual(expected);
      expect(contentOf(opened(openSegment<State>(path, 1, true)), after)).toEqual(expected);
      expect(contentOf(opened(openSegment<State>(path, 1, false)), after)).toEqual(expected);
    }
    const again = opened(openSegment<State>(path, 1, true));
    expect([again.begin, stateOf(again), again.sizeBytes()]).toEqual([{ n: 0 }, { n: 50 }, segment.sizeBytes()]);
    expect(contentOf(again)).toHaveLength(100);
  });

  it('cut off at any byte has the state of its last whole commit, and continues from there', async () => {
    const segment = opened(createSegment<State>(path, 1, { n: 0 }));
    const ends = [segment.sizeBytes()];
    for (let n = 1; n <= 3; n += 1) {
      await segment.append([entry(n * 2), entry(n * 2 + 1)], { n });
      ends.push(segment.sizeBytes());
    }
    const whole = readFileSync(path);
    const copy = join(folder, '2.seg');
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(copy, whole.subarray(0, length));
      const commits = ends.filter((end) => end <= length).length - 1;
      const cut = openSegment<State>(copy, 1, true);
      if (commits < 0) expect(cut).toBeUndefined();
      if (cut === undefined) continue;
      expect([stateOf(cut), contentOf(cut).length]).toEqual([{ n: commits }, commits * 2]);
      await cut.append([entry(99)], { n: 99 });
      cut.close();
      const after = openSegment<State>(copy, 1, true);
      expect([after && stateOf(after), after && contentOf(after).at(-1)]).toEqual([{ n: 99 }, '99 entry 99']);
      after?.close();
    }
  });

  it('with a bit that is not what it was gives all entries but those that it broke, and none that was never written', async () => {
    const segment = opened(createSegment<State>(path, 1, { n: 0 }));
    for (let n = 1; n <= 3; n += 1) await segment.append([entry(n)], { n });
    const content = contentOf(segment);
    const whole = readFileSync(path);
    const copy = join(folder, '2.seg');
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      writeFileSync(copy, bytes);
      const flipped = openSegment<State>(copy, 1, false);
      if (flipped === undefined) throw new Error(`nothing can be read when byte ${at} is another`);
      const found = contentOf(flipped);
      expect(content).toEqual(expect.arrayContaining([...found]));
      expect(found.length).toBeGreaterThanOrEqual(content.length - 1);
      expect(stateOf(flipped)?.n).toBeGreaterThanOrEqual(2);
      flipped.close();
    }
  });

  it('that is broken before its last commit accepts no more, and returns the entries after the broken place', async () => {
    const segment = opened(createSegment<State>(path, 1, { n: 0 }));
    const ends: number[] = [];
    for (let n = 1; n <= 3; n += 1) {
      await segment.append([entry(n, 'x'.repeat(1000))], { n });
      ends.push(segment.sizeBytes());
    }
    const bytes = readFileSync(path);
    bytes.fill(0, (ends[0] ?? 0) + 100, (ends[0] ?? 0) + 300);
    writeFileSync(path, bytes);
    const again = opened(openSegment<State>(path, 1, true));
    expect([again.isBroken(), stateOf(again), [...again.read(0)].map(({ sequence }) => sequence)]).toEqual([
      true,
      { n: 3 },
      [1, 3],
    ]);
    await expect(again.append([entry(4, 'y')], { n: 4 })).rejects.toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
    expect(stateOf(again)).toEqual({ n: 3 });
  });

  it('shows nothing of a commit that failed behind a shorter one that did not', async () => {
    const segment = opened(createSegment<State>(path, 1, { n: 0 }));
    await segment.append([entry(1)], { n: 1 });
    // The file after a kill in the middle of a commit: entries without a following state.
    appendFileSync(
      path,
      encodeCommit(
        [entry(2, 'never acknowledged'), entry(3)],
        '{}',
        key === undefined ? PLAINTEXT : sealedCoding(key, 1),
        segment.sizeBytes(),
      ).subarray(0, -8),
    );
    const again = opened(openSegment<State>(path, 1, true));
    await again.append([entry(2, 'acknowledged')], { n: 2 });
    expect(contentOf(opened(openSegment<State>(path, 1, true)))).toEqual(['1 entry 1', '2 acknowledged']);
  });

  it.each(['', 'VGLS', 'x', 'some other text that is longer than a few bytes'])('is not what holds %j', (text) => {
    writeFileSync(path, text);
    for (const isLast of [true, false]) expect(openSegment<State>(path, 1, isLast)).toBeUndefined();
    expect(isCutOff(path)).toBe('VGLSPOL2'.startsWith(text));
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('that cannot be begun leaves no file', () => {
    const nowhere = join(folder, 'none', '1.seg');
    expect(() => createSegment<State>(nowhere, 1, { n: 0 })).toThrow(
      expect.objectContaining({ code: 'SPOOL_UNAVAILABLE', retryable: true }),
    );
    expect(existsSync(nowhere)).toBe(false);
  });

  it('that was cut after the last commit of an earlier run is read up to there', async () => {
    const segment = opened(createSegment<State>(path, 1, { n: 0 }));
    await segment.append([entry(1), entry(2)], { n: 1 });
    truncateSync(path, segment.sizeBytes() - 3);
    expect(contentOf(opened(openSegment<State>(path, 1, false)))).toEqual(['1 entry 1', '2 entry 2']);
  });
});

describe('a sealed segment', () => {
  const key = createDataKey(Buffer.alloc(32, 7));
  const write = async (): Promise<Buffer> => {
    const segment = opened(createWith<State>(path, 1, { n: 0 }, key));
    for (const n of [1, 2]) await segment.append([entry(n, `planted ${n}`)], { n });
    return readFileSync(path);
  };

  it('reveals none of its content', async () => {
    expect((await write()).includes('planted')).toBe(false);
  });

  it.each([
    ['another key', createDataKey(Buffer.alloc(32, 8)), /was encrypted with another key/],
    ['no key', undefined, /is encrypted, and VIGIL_DATA_KEY is not set/],
  ])('says in a sentence that it is opened with %s, and is left as it is', async (_, other, sentence) => {
    const whole = await write();
    for (const isLast of [true, false]) expect(() => openWith(path, 1, isLast, other)).toThrow(sentence);
    expect(readFileSync(path)).toEqual(whole);
  });

  it('is not created from one in plaintext', async () => {
    const segment = opened(createWith<State>(path, 1, { n: 0 }));
    await segment.append([entry(1)], { n: 1 });
    const whole = readFileSync(path);
    expect(() => openWith(path, 1, true, key)).toThrow(/was written without a key/);
    expect(readFileSync(path)).toEqual(whole);
  });

  it('gives nothing that was moved to another place or another file', async () => {
    const whole = await write();
    expect(openWith<State>(path, 2, false, key)).toBeUndefined();
    const frame = (at: number): number => at + 8 + whole.readUInt32BE(at);
    const [a, b, c, d, e] = [24, frame(24), frame(frame(24)), frame(frame(frame(24))), frame(frame(frame(frame(24))))];
    const part = (from: number, to: number): Buffer => whole.subarray(from, to);
    // The two entries are swapped; their states stay in place.
    writeFileSync(path, Buffer.concat([part(0, b), part(d, e), part(c, d), part(b, c), whole.subarray(e)]));
    const swapped = opened(openWith<State>(path, 1, false, key));
    expect([a, contentOf(swapped)]).toEqual([24, []]);
  });
});
