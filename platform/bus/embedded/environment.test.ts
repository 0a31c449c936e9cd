import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf } from '../test-support/gathering.ts';
import { createEmbeddedBus } from './embedded-bus.ts';
import { openEnvironment, storageError } from '../../lmdb/environment.ts';

let path = '';
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'vigil-bus-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const MAP = { create: true, mapBytes: 1024 ** 2 };

async function logWith(messages: number): Promise<void> {
  const bus = await createEmbeddedBus({ path });
  await bus.ensureTopics([{ name: 't', partitions: 1, cleanup: 'delete' }]);
  await bus.publish(Array.from({ length: messages }, () => ({ topic: 't', key: 'k', value: Buffer.alloc(10_000) })));
  await bus.close();
}

describe('opening a file', () => {
  it.each([
    { name: 'text', content: Buffer.from('hello') },
    { name: 'more text than two pages', content: Buffer.alloc(20_000, 65) },
    { name: 'a page of zeroes', content: Buffer.alloc(4096) },
    { name: 'many zeroes', content: Buffer.alloc(100_000) },
  ])('that contains $name is rejected and left unchanged', async ({ content }) => {
    const file = join(path, 'meta.mdb');
    writeFileSync(file, content);
    const failure = await failureOf(createEmbeddedBus({ path }));
    expect(failure).toMatchObject({ code: 'BUS_CORRUPT', retryable: false });
    expect(String(failure)).toContain(file);
  });

  it('that is a folder, or is in a folder that cannot exist, is reported', async () => {
    mkdirSync(join(path, 'meta.mdb'));
    expect(await failureOf(createEmbeddedBus({ path }))).toMatchObject({ name: 'ShellError' });
    writeFileSync(join(path, 'file'), '');
    expect(await failureOf(createEmbeddedBus({ path: join(path, 'file', 'log') }))).toMatchObject({
      code: 'BUS_UNAVAILABLE',
    });
  });

  it('that was truncated is rejected instead of crashing the process', async () => {
    await logWith(500);
    const segment = join(path, 'topics', 't', '000000000001.mdb');
    truncateSync(segment, 200_000);
    const bus = await createEmbeddedBus({ path });
    const publishing = bus.publish([{ topic: 't', key: 'k', value: Buffer.from('x') }]);
    expect(await failureOf(publishing)).toMatchObject({ code: 'BUS_CORRUPT', retryable: false });
    await bus.close();
  });

  it('of another format is rejected', async () => {
    const environment = openEnvironment(join(path, 'meta.mdb'), MAP);
    environment?.store.putSync(Buffer.from('v'), Buffer.from('somebody else 7'));
    environment?.release();
    const failure = await failureOf(createEmbeddedBus({ path }));
    expect(failure).toMatchObject({ code: 'BUS_CORRUPT' });
    expect(String(failure)).toContain('somebody else 7');
  });

  it('that belongs to another topic is rejected', async () => {
    await logWith(1);
    const bus = await createEmbeddedBus({ path });
    await bus.ensureTopics([{ name: 'other', partitions: 1, cleanup: 'delete' }]);
    mkdirSync(join(path, 'topics', 'other'), { recursive: true });
    const { renameSync } = await import('node:fs');
    renameSync(join(path, 'topics', 't', '000000000001.mdb'), join(path, 'topics', 'other', '000000000001.mdb'));
    expect(await failureOf(bus.offsets('other'))).toMatchObject({ code: 'BUS_CORRUPT' });
    await bus.close();
  });

  it('that is missing is created, or is not, as requested', () => {
    expect(openEnvironment(join(path, 'a.mdb'), { ...MAP, create: false })).toBeUndefined();
    const made = openEnvironment(join(path, 'a.mdb'), MAP);
    const again = openEnvironment(join(path, 'a.mdb'), { ...MAP, create: false });
    expect(again?.store).toBe(made?.store);
    made?.release();
    made?.release();
    expect(again?.store.get(Buffer.from('k'))).toBeUndefined();
    again?.release();
  });

  it('with extra bytes after what LMDB wrote is accepted', async () => {
    await logWith(3);
    appendFileSync(join(path, 'topics', 't', '000000000001.mdb'), Buffer.alloc(5_000));
    const bus = await createEmbeddedBus({ path });
    expect(await bus.offsets('t')).toEqual([{ partition: 0, earliest: 0, next: 3 }]);
    await bus.close();
  });

  it('that is shorter than its header says is rejected', async () => {
    await logWith(3);
    const file = openSync(join(path, 'topics', 't', '000000000001.mdb'), 'r+');
    // The magic number of the second meta page.
    writeSync(file, Buffer.alloc(4), 0, 4, 4096 + 24);
    closeSync(file);
    const bus = await createEmbeddedBus({ path });
    expect(await failureOf(bus.offsets('t'))).toMatchObject({ code: 'BUS_CORRUPT' });
    await bus.close();
  });
});

describe('a storage error', () => {
  it.each([
    { code: 28, expected: { code: 'BUS_UNAVAILABLE', retryable: true } },
    { code: 5, expected: { code: 'BUS_UNAVAILABLE', retryable: true } },
    { code: -30792, expected: { code: 'BUS_UNAVAILABLE', retryable: true } },
    { code: -30795, expected: { code: 'BUS_UNAVAILABLE', retryable: false } },
    { code: -30796, expected: { code: 'BUS_CORRUPT', retryable: false } },
  ])('is recognised by its code ($code)', ({ code, expected }) => {
    const cause = Object.assign(new Error('below'), { code });
    expect(storageError(cause, '/log/meta.mdb')).toMatchObject({ ...expected, cause });
  });
});
