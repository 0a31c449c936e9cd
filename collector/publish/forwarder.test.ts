import { afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutgoingMessage } from '../../platform/bus/bus.ts';
import { hash128 } from '../../platform/hash.ts';
import { silentLog } from '../../platform/log.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { Reject } from '../../schemas/records/reject.ts';
import { HEADERS, TOPICS } from '../../schemas/topics.ts';
import { type Forwarder, startForwarder } from './forwarder.ts';
import { type Spool, openSpool } from '../spool/spool.ts';

const path = mkdtempSync(join(tmpdir(), 'vigil-forwarder-'));
let spool: Spool;
let forwarder: Forwarder;
afterEach(async () => {
  await forwarder.stop();
  await spool.close();
  rmSync(path, { recursive: true, force: true });
});

const LIMIT_BYTES = 1_000;
const lines = ['{"n":1}', `{"n":2,"derivedFrom":"1","text":"${'é'.repeat(900)}"}`, '{"n":3,"derivedFrom":"1"}'];

/** A broker that takes at most `LIMIT_BYTES` in one message, and breaks off now and then. */
function broker() {
  const taken: OutgoingMessage[] = [];
  let calls = 0;
  const publish = (messages: readonly OutgoingMessage[]): Promise<void> => {
    if (messages.some(({ value }) => value.length > LIMIT_BYTES))
      return Promise.reject(new ShellError('BUS_MESSAGE_TOO_LARGE', 'too large', { retryable: false }));
    taken.push(...messages);
    calls += 1;
    // It had them, but its answer was lost: they are sent again.
    if (calls === 3 || calls === 7)
      return Promise.reject(new ShellError('BUS_UNAVAILABLE', 'the connection broke', { retryable: true }));
    return Promise.resolve();
  };
  return { taken, publish };
}

it('cuts what the broker finds too large into lines, rejects a line that alone is, and repeats nothing under another name', async () => {
  spool = openSpool({
    path,
    maxBytes: 1e9,
    reserveBytes: 0,
    segmentBytes: 1e6,
    hash128,
    now: Date.now,
    log: silentLog,
  });
  const ledger = {
    tenant: 'lab',
    sender: 'laptop',
    signal: 'logs',
    received: 3,
    accepted: 3,
    duplicate: 0,
    skipped: new Map(),
    rejected: new Map(),
    events: 3,
    derived: 2,
  } as const;
  const header = { topic: TOPICS.events, key: 'lab/user', sender: 'laptop', signal: 'logs' } as const;
  await spool.append({
    entries: [{ header: { ...header, count: 3, derived: 2, records: 3 }, value: lines.join('\n') }],
    ledger,
  });
  await spool.append({
    entries: [{ header: { ...header, count: 1, records: 1 }, value: '{"n":4}' }],
    ledger: { ...ledger, received: 1, accepted: 1, events: 1, derived: 0 },
  });
  const { taken, publish } = broker();
  forwarder = startForwarder({ spool, bus: { publish }, log: silentLog, now: () => 1_760_000_000_000 });
  const account = () => spool.ledger()[0];
  while ((account()?.published ?? 0) < 3) await new Promise((resolve) => setTimeout(resolve, 10));

  const events = taken.filter(({ topic }) => topic === TOPICS.events);
  const bySequence = new Map(
    events.map(({ headers, value }) => [Number(headers?.[HEADERS.sequence]), String(value)] as const),
  );
  expect([...bySequence].sort(([a], [b]) => a - b).map(([, value]) => value)).toEqual([
    '{"n":1}',
    '{"n":3,"derivedFrom":"1"}',
    '{"n":4}',
  ]);
  // A line sent again has the sequence it had, by which it is recognised.
  expect(events.length).toBeGreaterThan(bySequence.size);

  expect(account()).toMatchObject({ received: 4, accepted: 4, published: 3, refused: { event_too_large: 1 } });
  // The refused line is one of the two derived events.
  expect(account()).toMatchObject({ derivedEvents: 2, publishedDerivedEvents: 1, droppedDerivedEvents: 1 });

  const rejects = taken
    .filter(({ topic }) => topic === TOPICS.rejects)
    .map(({ value }) => Reject.parse(JSON.parse(String(value))));
  expect(rejects.length).toBeGreaterThan(0);
  expect(new Set(rejects.map(({ rejectId }) => rejectId)).size).toBe(1);
  expect(rejects[0]).toMatchObject({
    tenant: 'lab',
    reason: 'event_too_large',
    sizeBytes: Buffer.byteLength(lines[1] ?? ''),
  });
  // As the table keeps them: the latest of each part.
  const parts = new Map(rejects.map(({ part, body }) => [part, body]));
  expect(parts.size).toBe(rejects.at(-1)?.parts);
  expect(
    [...parts]
      .sort(([a], [b]) => a - b)
      .map(([, body]) => body)
      .join(''),
  ).toBe(lines[1]);
});
