import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '../platform/log.ts';
import { type Warehouse, openWarehouse } from '../platform/warehouse/index.ts';
import { columnsOf, createTable, presenceChecks, quoteName } from '../schemas/ddl.ts';
import { linesOf, syntheticAlerts, syntheticEvents } from '../test/support/clickhouse/clickhouse-events.ts';
import { insertSettings } from './insert-settings.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { TABLES } from './tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-migrate-'));
let engine: Warehouse;

beforeAll(async () => {
  engine = await openWarehouse({ kind: 'chdb', path: join(folder, 'data') });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Uses the same engine with another database, so that each test starts empty. */
const inDatabase = (database: string): Warehouse => ({ ...engine, database });

async function rows<T>(query: string): Promise<T[]> {
  const answer = await engine.client('inserts').query({ query, format: 'JSONEachRow' });
  return answer.json<T>();
}

const tablesOf = (database: string) =>
  rows<{ name: string; sql: string }>(
    `SELECT name, replaceAll(create_table_query, '${database}', 'db') AS sql FROM system.tables WHERE database = '${database}' ORDER BY name`,
  );

describe('migrate', () => {
  it('creates everything, and nothing the second time', async () => {
    const warehouse = inDatabase('layout_one');
    expect(await migrate({ warehouse, log: silentLog })).toEqual(MIGRATIONS.map(({ version }) => version));
    const before = await tablesOf('layout_one');
    expect(await migrate({ warehouse, log: silentLog })).toEqual([]);
    expect(await tablesOf('layout_one')).toEqual(before);
    expect(before.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'events',
        'events_log',
        'alerts',
        'alerts_log',
        'rejects',
        'rejects_log',
        'session_days',
        'event_arrivals',
        'ledger',
        'ledger_log',
        'removed_tenants',
      ]),
    );
  });

  it('ends in the same layout when two processes start together', async () => {
    const warehouse = inDatabase('layout_two');
    const other: Warehouse = { ...warehouse, client: () => engine.client('alerts') };
    await Promise.all([migrate({ warehouse, log: silentLog }), migrate({ warehouse: other, log: silentLog })]);
    expect(await tablesOf('layout_two')).toEqual(await tablesOf('layout_one'));
    expect(await rows('SELECT version FROM layout_two.schema_migrations FINAL ORDER BY version')).toEqual(
      MIGRATIONS.map(({ version }) => ({ version })),
    );
  });

  it('continues where a dead process stopped', async () => {
    const warehouse = inDatabase('half');
    const halves = MIGRATIONS.map((migration) => ({ ...migration, statements: migration.statements.slice(0, 2) }));
    await migrate({ warehouse, log: silentLog, migrations: halves }).catch(() => undefined);
    await engine.client('inserts').command({ query: 'TRUNCATE TABLE half.schema_migrations' });
    await migrate({ warehouse, log: silentLog });
    expect((await tablesOf('half')).map(({ name }) => name)).toEqual(
      (await tablesOf('layout_one')).map(({ name }) => name),
    );
  });

  it('finds older alerts by every session of their evidence', async () => {
    const warehouse = inDatabase('older');
    await migrate({ warehouse, log: silentLog, migrations: MIGRATIONS.filter(({ version }) => version === 1) });
    const [alert] = syntheticAlerts({ count: 1 });
    const evidence = ['one', 'two', 'one'].map((sessionId, n) => ({ eventId: String(n).repeat(32), sessionId }));
    await engine.client('inserts').command({
      query: `INSERT INTO older.alerts_log FORMAT JSONEachRow ${linesOf([{ ...alert, evidence }])}`,
      clickhouse_settings: insertSettings(TABLES.alerts),
    });
    await migrate({ warehouse, log: silentLog });
    expect(await rows('SELECT evidenceSessions FROM older.alerts_log')).toEqual([{ evidenceSessions: ['one', 'two'] }]);
  });

  it('includes the arrivals of older events', async () => {
    const warehouse = inDatabase('arrived');
    await migrate({ warehouse, log: silentLog, migrations: MIGRATIONS.filter(({ version }) => version < 6) });
    const [event] = syntheticEvents({ count: 1 });
    await engine.client('inserts').command({
      query: `INSERT INTO arrived.events_log FORMAT JSONEachRow ${linesOf([event ?? {}])}`,
      clickhouse_settings: insertSettings(TABLES.events),
    });
    await migrate({ warehouse, log: silentLog });
    const arrivals = 'SELECT sender, toUnixTimestamp64Milli(receivedAt) AS receivedAt FROM arrived.event_arrivals';
    expect(await rows(arrivals)).toEqual([{ sender: event?.sender, receivedAt: event?.receivedAt }]);
  });

  it('sets, changes and removes retention', async () => {
    const warehouse = inDatabase('kept');
    const ttl = async () =>
      (await tablesOf('kept'))
        .filter(({ sql }) => sql.includes('TTL'))
        .map(({ name, sql }) => `${name} ${/toIntervalDay\((\d+)\)/.exec(sql)?.[1] ?? ''}`);
    await migrate({ warehouse, log: silentLog, retentionDays: 365 });
    expect(await ttl()).toEqual([
      'alerts_log 365',
      'event_arrivals 365',
      'events_log 365',
      'rejects_log 365',
      'session_days 365',
    ]);
    await migrate({ warehouse, log: silentLog, retentionDays: 30 });
    await migrate({ warehouse, log: silentLog, retentionDays: 'as it is' });
    expect(await ttl()).toEqual([
      'alerts_log 30',
      'event_arrivals 30',
      'events_log 30',
      'rejects_log 30',
      'session_days 30',
    ]);
    await migrate({ warehouse, log: silentLog });
    expect(await ttl()).toEqual([]);
  });

  it('reports a failed statement', async () => {
    const broken = [{ version: 1, name: 'broken', statements: ['CREATE NONSENSE'] }];
    await expect(
      migrate({ warehouse: inDatabase('broken'), log: silentLog, migrations: broken }),
    ).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
    });
  });
});

/** When this fails, a record has changed: write a migration that changes the tables accordingly. */
describe('a migrated database matches the records', () => {
  interface Fact {
    readonly name: string;
    readonly type: string;
  }

  it.each(Object.values(TABLES))('$log.name', async ({ log, record, view }) => {
    await migrate({ warehouse: inDatabase('layout_one'), log: silentLog });
    const stated = createTable(record, { ...log, name: `stated_${log.name}` });
    await engine.client('inserts').command({ query: stated.replace('NOT EXISTS ', 'NOT EXISTS layout_one.') });
    const columns = (table: string) =>
      rows<Fact>(
        `SELECT name, type, default_kind, default_expression, compression_codec FROM system.columns WHERE database = 'layout_one' AND table = '${table}' ORDER BY name`,
      );
    const constraints = async (table: string) => {
      const [made] = await rows<{ sql: string }>(
        `SELECT create_table_query AS sql FROM system.tables WHERE database = 'layout_one' AND name = '${table}'`,
      );
      const sql = made?.sql ?? '';
      return {
        checks: presenceChecks(record).filter(({ name }) => sql.includes(`CONSTRAINT ${name} CHECK`)).length,
        engine: /ENGINE = .*/.exec(sql)?.[0],
        indexes: [...sql.matchAll(/INDEX (\w+) .*? GRANULARITY \d+/g)].map(([index]) => index),
      };
    };
    expect(await columns(log.name)).toEqual(await columns(`stated_${log.name}`));
    expect(await constraints(log.name)).toEqual(await constraints(`stated_${log.name}`));
    const names = (facts: readonly Fact[]) => facts.map(({ name, type }) => `${name} ${type}`);
    const shown = names(await columns(view));
    expect(shown).toEqual(names(await columns(log.name)).filter((fact) => !/^(entityId|evidenceSessions) /.test(fact)));
    expect(shown).toHaveLength(columnsOf(record).length);
    await engine.client('inserts').command({ query: `DROP TABLE layout_one.${quoteName(`stated_${log.name}`)}` });
  });
});
