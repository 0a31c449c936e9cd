/** Every route's real answers against the schemas that `/openapi.json` publishes, as a client made from it would read them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Running } from '../platform/process/lifecycle.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { type Warehouse, openWarehouse } from '../platform/warehouse/index.ts';
import type { PipelineAccount } from '../schemas/records/pipeline-account.ts';
import { insertSettings } from '../store/insert-settings.ts';
import { migrate } from '../store/migrate.ts';
import { TABLES } from '../store/tables.ts';
import type { RouteContract } from '../schemas/api/contract/route.ts';
import { type Route, ROUTES } from '../schemas/api/index.ts';
import { type Answer, askPort } from '../test/support/ask.ts';
import { createMemoryBus } from '../test/support/clickhouse/clickhouse-bus.ts';
import { linesOf, syntheticAlerts, syntheticEvents } from '../test/support/clickhouse/clickhouse-events.ts';
import { openToEverybody } from '../test/support/access.ts';
import { startAudit } from '../roles/audit.ts';

interface Published {
  readonly paths: Readonly<
    Record<string, { readonly get: { readonly responses: Readonly<Record<string, Response>> } }>
  >;
  readonly components: object;
}
interface Response {
  readonly headers?: Readonly<Record<string, object>>;
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
}

const folder = mkdtempSync(join(tmpdir(), 'vigil-contract-'));
const EVENTS = [...syntheticEvents({ count: 400, perSession: 50, concurrent: 4 })];
const ALERTS = [...syntheticAlerts({ count: 6 })];
const COUNTS = {
  received: 9,
  accepted: 4,
  duplicate: 1,
  skipped: { internal: 3 },
  rejected: { missing_session: 1 },
  published: 3,
  waiting: 1,
  refused: {},
  lost: {},
  events: 5,
  publishedEvents: 4,
  derivedEvents: 2,
  publishedDerivedEvents: 1,
};
const ACCOUNT: PipelineAccount = {
  spool: '0'.repeat(16),
  collector: 'edge-1',
  tenant: 'default',
  sender: 'local',
  signal: 'logs',
  time: 1_760_000_000_000,
  ...COUNTS,
};
let warehouse: Warehouse;
let audit: Running;
let port: number;
let published: Published;

beforeAll(async () => {
  warehouse = await openWarehouse({ kind: 'chdb', path: join(folder, 'data') });
  await migrate({ warehouse, log: silentLog });
  for (const [table, records] of [
    ['events', EVENTS],
    ['alerts', ALERTS],
    ['ledger', [ACCOUNT]],
  ] as const)
    await warehouse.insertLines('inserts', {
      table: TABLES[table].log.name,
      lines: Buffer.from(linesOf(records)),
      settings: insertSettings(TABLES[table]),
    });
  const bus = createMemoryBus();
  const shared = { bus, warehouse, log: silentLog, metrics: createMetrics(), webRoot: folder };
  audit = await startAudit({
    ...shared,
    access: openToEverybody(),
    needsCredential: () => false,
    host: '127.0.0.1',
    port: 0,
    otlpUrl: 'https://otlp.example:4318',
  });
  port = Number(audit.facts?.['port']);
  published = JSON.parse((await ask('/openapi.json')).text) as Published;
});
afterAll(async () => {
  await audit.stop();
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

type Asked = Parameters<typeof askPort>[2];
const ask = (path: string, asked?: Asked): Promise<Answer> => askPort(port, path, asked);

/** @returns what is wrong with the answer by the document; empty where it holds */
function breaches(route: string, { status, headers, text }: Answer): unknown {
  const response = published.paths[route]?.get.responses[String(status)];
  if (response === undefined) return `${status} is not described`;
  const missing = Object.keys(response.headers ?? {}).filter((name) => headers[name.toLowerCase()] === undefined);
  if (missing.length > 0) return `lacks ${missing.join(', ')}`;
  const type = String(headers['content-type']).split(';')[0] ?? '';
  const content = response.content[type];
  if (content === undefined) return `${type} is not described`;
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  formats.default(ajv);
  ajv.addKeyword('components');
  const validate = ajv.compile({ components: published.components, ...content.schema });
  return validate(/json$/.test(type) ? JSON.parse(text) : text) ? [] : validate.errors;
}

/** Names of things that exist, for the parameters in paths. */
const EXISTING: Readonly<Record<string, string>> = {
  alertId: ALERTS[0]?.alertId ?? '',
  sessionId: EVENTS[0]?.sessionId ?? '',
};
/** Requests in addition to the bare one. */
const QUERIES: Partial<Record<Route['path'], readonly string[]>> = {
  '/v1/alerts': ['?limit=2&order=oldest', '?tenant=nobody'],
  '/v1/events': ['?limit=1000', `?sessionId=${EXISTING['sessionId']}&limit=3`, '?text=git'],
  '/v1/sessions': ['?limit=2&order=oldest'],
  '/v1/pipeline/ledger': ['?stored=true', '?tenant=nobody&stored=true'],
  '/v1/pipeline/agents': ['?from=0', '?tenant=nobody&from=2026-01-01T00:00:00Z'],
};
const READ = ROUTES.filter(({ method }) => method === 'get').map((contract: RouteContract & Pick<Route, 'path'>) => {
  const address = contract.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => EXISTING[name] ?? '');
  const paths = ['', ...(QUERIES[contract.path] ?? [])].map((query) => address + query);
  return { route: contract.path, contract, address, paths };
});

describe('what is published', () => {
  it('is the list of contracts', () => {
    expect(Object.keys(published.paths)).toEqual(READ.map(({ route }) => route));
  });

  it.each(READ)('$route answers as described', async ({ route, paths }) => {
    for (const path of paths) {
      const answer = await ask(path);
      expect([path, answer.status, breaches(route, answer)]).toEqual([path, 200, []]);
    }
  });

  it.each(READ)('$route refuses as described', async ({ route, contract, address: path }) => {
    const refusals: readonly (readonly [number, string, Asked])[] = [
      [405, path, { method: 'PUT' }],
      [413, path, { headers: { 'transfer-encoding': 'chunked' } }],
      ...(contract.anyHost === true ? [] : [[421, path, { headers: { host: 'evil.example' } }] as const]),
      ...(contract.query === undefined ? [] : [[400, `${path}?no-such-parameter=1`, {}] as const]),
    ];
    for (const [status, asked, how] of refusals) {
      const answer = await ask(asked, how);
      expect([asked, answer.status, breaches(route, answer)]).toEqual([asked, status, []]);
    }
  });

  it.each(READ.filter(({ contract }) => contract.parameters !== undefined))(
    '$route says as described that it does not exist',
    async ({ route }) => {
      const answer = await ask(route.replaceAll(/\{\w+\}/g, '0'.repeat(32)));
      expect([answer.status, breaches(route, answer)]).toEqual([404, []]);
    },
  );

  it('would show an answer that breaks it', async () => {
    const answer = await ask('/v1/alerts?limit=1');
    const { items } = JSON.parse(answer.text) as { readonly items: readonly object[] };
    const wrong = { ...answer, text: JSON.stringify({ items: [{ ...items[0], severity: 'awful' }], nextCursor: 7 }) };
    expect(breaches('/v1/alerts', wrong)).toHaveLength(2);
  });
});
