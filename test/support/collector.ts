/** A real collector (receiver, intake, actor table, spool, forwarder) on a bus that a test looks into. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '../../roles/collector.ts';
import type { Bus, OutgoingMessage } from '../../platform/bus/bus.ts';
import { readConfig } from '../../platform/config.ts';
import type { Fields, Log } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { ShellError } from '../../platform/shell-error.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { until } from './until.ts';

export interface TestCollector {
  readonly otlp: string;
  /** Host and port of OTLP/gRPC. */
  readonly grpc: string;
  /** Records of all signals in one state of the ledger. */
  recordsThatAre(state: 'received' | 'waiting' | 'published' | 'skipped' | 'rejected' | 'duplicate'): Promise<number>;
  /** Folder of its spool and of all else that it keeps. */
  readonly data: string;
  /** All messages that it published, on every topic. */
  readonly published: readonly OutgoingMessage[];
  /** All that it logged, as JSON. */
  logged(): string;
  /** Its metrics in Prometheus' format. */
  metrics(): Promise<string>;
  /** All events so far, once nothing waits any more. */
  events(): Promise<readonly AgentEvent[]>;
  stop(): Promise<void>;
}

/** @param busIsAway every attempt to publish fails @param environment settings besides the folder and the ports */
export async function startTestCollector(
  busIsAway = false,
  environment: Readonly<Record<string, string>> = {},
): Promise<TestCollector> {
  const data = mkdtempSync(join(tmpdir(), 'vigil-collector-'));
  const published: OutgoingMessage[] = [];
  const publish = (messages: readonly OutgoingMessage[]): Promise<void> => {
    if (busIsAway) return Promise.reject(new ShellError('BUS_UNAVAILABLE', 'nobody there', { retryable: true }));
    published.push(...messages);
    return Promise.resolve();
  };
  const logged: string[] = [];
  const log = recordingLog(logged);
  const collector = await startCollector({
    // The collector needs no more of a bus than this.
    bus: { publish } as unknown as Bus,
    config: readConfig({
      VIGIL_DATA: data,
      VIGIL_OTLP_PORT: '0',
      VIGIL_OTLP_GRPC_PORT: '0',
      VIGIL_SPOOL_RESERVE_BYTES: '1',
      ...environment,
    }),
    log,
    metrics: createMetrics(),
    now: Date.now,
  });
  const otlp = `http://127.0.0.1:${String(collector.facts?.['port'])}`;
  const recordsThatAre = async (state: string): Promise<number> => {
    const text = await (await fetch(`${otlp}/metrics`)).text();
    const counts = text.matchAll(/^collector_ledger_records\{[^}]*state="(\w+)"[^}]*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, name, count]) => sum + (name === state ? Number(count) : 0), 0);
  };
  return {
    otlp,
    grpc: `127.0.0.1:${String(collector.facts?.['grpcPort'])}`,
    data,
    published,
    logged: () => logged.join('\n'),
    metrics: async () => (await fetch(`${otlp}/metrics`)).text(),
    recordsThatAre,
    events: async () => {
      await until('nothing waits any more', async () => (await recordsThatAre('waiting')) === 0);
      return published
        .filter(({ topic }) => topic === TOPICS.events)
        .flatMap(({ value }) => Buffer.from(value).toString().split('\n'))
        .map((line) => AgentEvent.parse(JSON.parse(line)));
    },
    stop: async () => {
      await collector.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function recordingLog(lines: string[]): Log {
  const note = (message: string, fields: Fields = {}): void => void lines.push(JSON.stringify({ message, ...fields }));
  const log: Log = { error: note, warn: note, info: note, debug: note, child: () => log };
  return log;
}
