/** Shows how ClickHouse treats lines that do not match the records, and what is left of its leniency. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '../../platform/log.ts';
import { failureOf } from '../../platform/warehouse/failure.ts';
import { type Warehouse, openWarehouse } from '../../platform/warehouse/index.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { syntheticAlerts, syntheticEvents } from '../../test/support/clickhouse/clickhouse-events.ts';
import { insertSettings } from '../insert-settings.ts';
import { migrate } from '../migrate.ts';
import { TABLES } from '../tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-strict-'));
let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openWarehouse({ kind: 'chdb', path: join(folder, 'data') });
  await migrate({ warehouse, log: silentLog });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const [EVENT] = syntheticEvents({ count: 1 });
const [ALERT] = syntheticAlerts({ count: 1 });
if (EVENT === undefined || ALERT === undefined) throw new Error('no records');

async function insert(line: string, table: (typeof TABLES)[keyof typeof TABLES] = TABLES.events): Promise<string> {
  try {
    await warehouse.insertLines('inserts', {
      table: table.log.name,
      lines: Buffer.from(line),
      settings: insertSettings(table),
    });
    return 'stored';
  } catch (error) {
    return failureOf(error);
  }
}
const withText = (from: string, to: string): string => {
  const line = JSON.stringify(EVENT);
  if (!line.includes(from)) throw new Error(`no ${from} in the line`);
  return line.replace(from, to);
};
const withFields = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...EVENT, ...fields });

describe('lines that are rejected', () => {
  it.each<{ readonly name: string; readonly line: string }>([
    { name: 'an unknown field', line: withFields({ surplus: 1 }) },
    { name: 'a field in another case', line: withFields({ SessionId: 'x' }) },
    { name: 'a field twice', line: withText('"tenant"', '"tenant":"x","tenant"') },
    { name: 'null for required text', line: withFields({ actor: null }) },
    { name: 'a number for text', line: withFields({ actor: 5 }) },
    { name: 'a boolean for text', line: withFields({ actor: true }) },
    { name: 'an object for text', line: withFields({ commandLine: { a: 1 } }) },
    { name: 'a list for text', line: withFields({ commandLine: ['a'] }) },
    { name: 'a boolean for a number', line: withFields({ exitCode: true }) },
    { name: 'a fraction for an integer', line: withFields({ durationMs: 1.5 }) },
    { name: 'a negative count', line: withFields({ durationMs: -1 }) },
    { name: 'an id that is too long', line: withFields({ eventId: 'a'.repeat(33) }) },
    { name: 'an id that is too short', line: withFields({ eventId: 'a'.repeat(31) }) },
    { name: 'a number among the attributes', line: withFields({ attributes: { a: 1 } }) },
    { name: 'half a surrogate pair', line: withText('"tenant":"default"', '"tenant":"\\ud800x"') },
    { name: 'a time before 1970', line: withFields({ time: -5 }) },
    { name: 'a time beyond the type’s range', line: withFields({ time: 99_913_791_999_999 }) },
    { name: 'a truncated line', line: JSON.stringify(EVENT).slice(0, -9) },
    { name: 'extra text after the line', line: `${JSON.stringify(EVENT)} xx` },
    { name: 'a statement after the line', line: `${JSON.stringify(EVENT)};\nDROP TABLE vigil.events_log` },
    { name: 'no fields', line: '{}' },
  ])('$name', async ({ line }) => {
    expect(await insert(line)).toBe('refused');
  });

  it.each([
    'eventId',
    'tenant',
    'actor',
    'sender',
    'agentName',
    'sessionId',
    'category',
    'action',
    'outcome',
    'signal',
    'mapping',
  ])('a line without %s', async (field) => {
    expect(await insert(withFields({ [field]: undefined }))).toBe('refused');
    expect(await insert(withFields({ [field]: '' }))).toBe('refused');
  });

  it.each(['entity', 'explanation', 'evidence', 'summary', 'count'])('an alert without %s', async (field) => {
    expect(await insert(JSON.stringify({ ...ALERT, [field]: undefined }), TABLES.alerts)).toBe('refused');
  });
});

describe('lines that are stored', () => {
  it('unchanged, at the bounds of every number', async () => {
    const event = AgentEvent.parse({
      ...EVENT,
      eventId: 'c'.repeat(32),
      sequence: Number.MAX_SAFE_INTEGER,
      durationMs: 4_294_967_295,
      exitCode: -2_147_483_648,
      networkPort: 65_535,
      bytesOut: 0,
      costUsd: 1e-7,
      time: 10_413_791_999_999,
    });
    expect(await insert(JSON.stringify(event))).toBe('stored');
  });

  it('but wrapped when a number is out of bounds, which the bounds in the schemas prevent', async () => {
    const [exitCode, networkPort] = [4_294_967_297, 65_537];
    expect(AgentEvent.safeParse({ ...EVENT, exitCode }).success).toBe(false);
    expect(AgentEvent.safeParse({ ...EVENT, networkPort }).success).toBe(false);
    expect(await insert(withFields({ eventId: 'd'.repeat(32), exitCode, networkPort }))).toBe('stored');
    const answer = await warehouse.client('queries').query({
      query: `SELECT exitCode, networkPort FROM vigil.events WHERE eventId = '${'d'.repeat(32)}'`,
      format: 'JSONEachRow',
    });
    expect(await answer.json()).toEqual([{ exitCode: 1, networkPort: 1 }]);
  });
});
