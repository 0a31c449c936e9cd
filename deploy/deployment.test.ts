/** Checks the deployment files, as far as possible without containers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig } from '../platform/config.ts';

const file = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** Every log table of ClickHouse 26.7, and those of earlier versions that a configuration may still have. */
const SYSTEM_LOGS = [
  'aggregated_zookeeper_log',
  'asynchronous_insert_log',
  'asynchronous_metric_log',
  'azure_queue_log',
  'background_schedule_pool_log',
  'backup_log',
  'blob_storage_log',
  'bucketed_metric_log',
  'crash_log',
  'dead_letter_queue',
  'delta_lake_metadata_log',
  'error_log',
  'filesystem_cache_log',
  'filesystem_read_prefetches_log',
  'iceberg_metadata_log',
  'latency_log',
  'metric_log',
  'opentelemetry_span_log',
  'part_log',
  'predicate_statistics_log',
  'processors_profile_log',
  'query_log',
  'query_metric_log',
  'query_thread_log',
  'query_views_log',
  's3queue_log',
  'session_log',
  'text_log',
  'trace_log',
  'transactions_info_log',
  'transposed_metric_log',
  'zookeeper_connection_log',
  'zookeeper_log',
];

describe('ClickHouse’s own logs', () => {
  const xml = file('deploy/clickhouse/system-tables.xml').replaceAll(/<!--[^]*?-->/g, '');
  const limited = [...xml.matchAll(/<(\w+)><ttl>event_date \+ INTERVAL \d+ DAY DELETE<\/ttl><\/\1>/g)].map(
    ([, log]) => log,
  );
  const removed = [...xml.matchAll(/<(\w+) remove="1"\/>/g)].map(([, log]) => log);

  it('are each limited or switched off', () => {
    expect([...limited, ...removed].sort()).toEqual(SYSTEM_LOGS);
    // The file contains nothing else, such as a section that is neither.
    expect(xml.match(/<\w+/g)).toHaveLength(1 + removed.length + 2 * limited.length);
  });

  it('are not switched on by a limit: the server keeps no log of logins by default, and traces have their own engine', () => {
    expect(removed).toEqual(expect.arrayContaining(['session_log', 'opentelemetry_span_log']));
  });
});

describe('docker-compose.yml', () => {
  interface Compose {
    readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string>> }>>;
  }
  const { services } = parse(file('docker-compose.yml'), { merge: true }) as Compose;
  const settingsOf = (service: string) =>
    Object.fromEntries(
      Object.entries(services[service]?.environment ?? {}).map(([name, value]) => [
        name,
        // `${NAME:-default}` and `${NAME:?message}`, as with an empty .env.
        value.replace(/^\$\{\w+(?::-(.*)|:\?.*)\}$/, (_, fallback: string | undefined) => fallback ?? 'set'),
      ]),
    );

  it.each(['collector', 'detector', 'recorder', 'audit'])('gives %s settings that it takes', (role) => {
    expect(() => readConfig(settingsOf(role))).not.toThrow();
  });

  it.each(['audit', 'collector'])('lets Prometheus ask %s by its name in the network', (role) => {
    expect(readConfig(settingsOf(role)).VIGIL_ALLOWED_HOSTS).toContain(role);
  });
});
