/** Runs one contract on both implementations: chDB in this process, and ClickHouse's HTTP interface. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ClickHouseProcess, startClickHouse } from '../../test/support/clickhouse/clickhouse-http.ts';
import { ShellError } from '../shell-error.ts';
import { codeOf, failureOf, readFailure } from './failure.ts';
import { type Warehouse, openWarehouse } from './index.ts';
import { runs } from '../../test/support/runs.ts';

const folders: string[] = [];
const servers: ClickHouseProcess[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-warehouse-'));
  folders.push(folder);
  return folder;
}

const SIDES: readonly { readonly side: string; readonly open: () => Promise<Warehouse> }[] = [
  { side: 'chdb', open: () => openWarehouse({ kind: 'chdb', path: join(temporaryFolder(), 'data') }) },
  {
    side: 'http',
    open: async () => {
      const server = await startClickHouse({ path: temporaryFolder(), password: 'pass word' });
      servers.push(server);
      return openWarehouse({ kind: 'http', url: server.url, username: 'default', password: 'pass word' });
    },
  },
];

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
};

describe.each(SIDES)('a warehouse over $side', ({ open }) => {
  let warehouse: Warehouse;
  const rows = async (query: string, parameters: Record<string, unknown> = {}): Promise<unknown[]> => {
    const answer = await warehouse.client('queries').query({ query, query_params: parameters, format: 'JSONEachRow' });
    return answer.json();
  };

  beforeAll(async () => {
    warehouse = await open();
    await warehouse.client('inserts').command({ query: `CREATE DATABASE IF NOT EXISTS ${warehouse.database}` });
    await warehouse.client('inserts').command({
      query: `CREATE TABLE ${warehouse.database}.notes (id UInt32, text String) ENGINE = MergeTree ORDER BY id`,
    });
  });
  afterAll(() => warehouse.close());

  it('answers a ping', async () => {
    await expect(warehouse.ping()).resolves.toBeUndefined();
  });

  it('inserts lines exactly as they are', async () => {
    const text = 'naïve "quoted" \\ back\n\ttab 😀 ; DROP TABLE notes';
    const lines = Buffer.from(
      [
        { id: 1, text },
        { id: 2, text: '' },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    await warehouse.insertLines('inserts', { table: 'notes', lines, settings: {} });
    expect(await rows(`SELECT * FROM ${warehouse.database}.notes WHERE id < 10 ORDER BY id`)).toEqual([
      { id: 1, text },
      { id: 2, text: '' },
    ]);
  });

  it.each(['\n\n', '\n\n\n', '\n\n;\n', '\n', ';', ';\n', '\r\n\r\n', '\n \n', '\n/**/\n\n', '}\n\n'])(
    'never executes rows as statements: %j between them',
    async (between) => {
      const statement = `INSERT INTO ${warehouse.database}.notes VALUES (666, 'taken')`;
      const bodies = [`{"id":30}${between}${statement}`, `{"id":30,"text":"x${between}${statement} --"}\n{"id":31}`];
      for (const body of bodies) {
        const insert = { table: 'notes', lines: Buffer.from(body), settings: {} };
        await warehouse.insertLines('inserts', insert).catch((error: unknown) => {
          expect(failureOf(error)).toBe('refused');
        });
      }
      expect(await rows(`SELECT id FROM ${warehouse.database}.notes WHERE id = 666`)).toEqual([]);
    },
  );

  it('applies settings to one insert only', async () => {
    const insert = { table: 'notes', lines: Buffer.from('{"id":11,"surplus":1}\n') };
    const strict = { input_format_skip_unknown_fields: 0 } as const;
    const refusal = await rejection(warehouse.insertLines('inserts', { ...insert, settings: strict }));
    expect({ failure: failureOf(refusal), code: codeOf(refusal) }).toEqual({ failure: 'refused', code: 117 });
    await warehouse.insertLines('inserts', { ...insert, settings: {} });
    expect(await rows(`SELECT id FROM ${warehouse.database}.notes WHERE id = 11`)).toEqual([{ id: 11 }]);
  });

  it('passes parameters with any content as values', async () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => text.isWellFormed());
    const strings = fc.oneof(
      hostile,
      fc.constantFrom("'", '\\', "\\'", "'; DROP TABLE notes; --", '{x:String}', '\\N', '\0', '\r\n\t', "\\\\''"),
    );
    await fc.assert(
      fc.asyncProperty(
        strings,
        fc.array(strings, { maxLength: 4 }),
        fc.maxSafeInteger(),
        async (text, list, number) => {
          const query = 'SELECT {text:String} AS text, {list:Array(String)} AS list, {number:Int64} AS number';
          expect(await rows(query, { text, list, number })).toEqual([{ text, list, number }]);
        },
      ),
      runs(20),
    );
  });

  it('passes a parameter that is too long for a URL', async () => {
    const list = Array.from({ length: 3_000 }, (_, n) => `value-${n}`);
    expect(await rows('SELECT length({list:Array(String)}) AS n', { list })).toEqual([{ n: 3_000 }]);
  });

  it('returns 64-bit integers as numbers', async () => {
    expect(await rows('SELECT toUInt64(9007199254740991) AS n')).toEqual([{ n: Number.MAX_SAFE_INTEGER }]);
  });

  it('does not let a long query delay other work', async () => {
    let slowEnded = false;
    const slow = warehouse
      .client('searches')
      .query({ query: 'SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_block_size = 1', format: 'JSONEachRow' })
      .then((answer) => answer.json())
      .then(() => (slowEnded = true));
    expect(await rows('SELECT {one:UInt8} AS one', { one: 1 })).toEqual([{ one: 1 }]);
    await warehouse.insertLines('inserts', { table: 'notes', lines: Buffer.from('{"id":20}\n'), settings: {} });
    expect(slowEnded).toBe(false);
    await slow;
  });

  it.each([
    {
      what: 'a query over its time limit',
      query: 'SELECT sleepEachRow(0.5) FROM numbers(20) SETTINGS max_block_size = 1, max_execution_time = 1',
      failure: 'expensive',
    },
    {
      what: 'a query over its memory limit',
      query: 'SELECT groupArray(number) FROM numbers(20000000) SETTINGS max_memory_usage = 10000000',
      failure: 'expensive',
    },
    { what: 'a missing table', query: 'SELECT 1 FROM nowhere.nothing', failure: 'unavailable' },
    { what: 'a wrong statement', query: 'SELECT FROM WHERE', failure: 'unclear' },
  ])('reports $what as $failure', async ({ query, failure }) => {
    expect(failureOf(await rejection(rows(query)))).toBe(failure);
  });

  it('returns nothing of an earlier failed query', async () => {
    const query = 'SELECT number, throwIf(number = 3) FROM numbers(5) SETTINGS max_block_size = 1';
    const failing = rejection(rows(query));
    const next = rows('SELECT 1 AS one');
    expect(codeOf(await failing)).toBe(395);
    expect(await next).toEqual([{ one: 1 }]);
  });
});

describe('a ClickHouse server that goes away', () => {
  it('is unavailable, and the same client works again when it is back', async () => {
    const path = temporaryFolder();
    const server = await startClickHouse({ path });
    const warehouse = await openWarehouse({ kind: 'http', url: server.url });
    const one = () => warehouse.client('queries').query({ query: 'SELECT 1', format: 'JSONEachRow' });
    await warehouse.ping();
    await server.kill();
    expect(failureOf(await rejection(one()))).toBe('unavailable');
    await expect(warehouse.ping()).rejects.toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE', retryable: true });
    servers.push(await startClickHouse({ path, port: server.port }));
    await expect(warehouse.ping()).resolves.toBeUndefined();
    await warehouse.close();
  });

  it('that wants another password is unavailable, and the rows are not at fault', async () => {
    const server = await startClickHouse({ path: temporaryFolder(), password: 'right' });
    servers.push(server);
    const warehouse = await openWarehouse({ kind: 'http', url: server.url, password: 'wrong' });
    const insert = warehouse.insertLines('inserts', { table: 'notes', lines: Buffer.from('{}'), settings: {} });
    const refusal = await rejection(insert);
    expect({ failure: failureOf(refusal), code: codeOf(refusal) }).toEqual({ failure: 'unavailable', code: 516 });
    await warehouse.close();
  });
});

describe('the embedded warehouse', () => {
  it('belongs to one process: a second one gets an error', async () => {
    const path = temporaryFolder();
    const holder = await startClickHouse({ path: join(path, 'data'), lock: true });
    servers.push(holder);
    const refusal = await rejection(openWarehouse({ kind: 'chdb', path: join(path, 'data') }));
    expect(refusal).toBeInstanceOf(ShellError);
    expect(refusal).toMatchObject({ code: 'ALREADY_RUNNING' });
  });
});

describe('a failed read', () => {
  it('says whether a retry or a smaller query can help', () => {
    expect(readFailure(new Error('socket hang up'))).toMatchObject({ code: 'WAREHOUSE_UNAVAILABLE', retryable: true });
    const known = new ShellError('OTHER', 'x', { retryable: false });
    expect(readFailure(known)).toBe(known);
  });
});
