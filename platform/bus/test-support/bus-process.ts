/**
 * A publisher or a group member in its own process, for tests that kill it. `startProcess` runs this file as a program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDataKey } from '../../encryption/data-key.ts';
import { createLog } from '../../log.ts';
import { ShellError } from '../../shell-error.ts';
import type { Bus } from '../bus.ts';
import { createEmbeddedBus } from '../embedded/embedded-bus.ts';
import { createKafkaBus } from '../kafka/kafka-bus.ts';

export type Place =
  | {
      readonly kind: 'embedded';
      readonly path: string;
      readonly segmentBytes?: number;
      readonly leaseMs?: number;
      readonly pollMs?: number;
      /** Key, hex. */ readonly secret?: string;
    }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[]; readonly sessionMs?: number };

export interface Task {
  readonly place: Place;
  readonly topic: string;
  readonly role: 'publish' | 'consume';
  /** A publisher writes `name` and a counter; a consumer joins the group of that name. */
  readonly name: string;
  /** How many messages a publisher sends together; how long a consumer pauses between two batches (ms). */
  readonly pace: number;
  readonly valueBytes?: number;
  readonly count?: number;
  /** While this file exists, the consumer freezes like a suspended machine. It checks before each commit. */
  readonly frozenBy?: string;
}

export type Report =
  | { readonly event: 'ready' }
  /** Everything up to this counter is acknowledged. */
  | { readonly event: 'acknowledged'; readonly upTo: number }
  | { readonly event: 'frozen' }
  | { readonly event: 'batch'; readonly partition: number; readonly first: number; readonly last: number }
  | { readonly event: 'committed'; readonly partition: number; readonly next: number }
  | { readonly event: 'failed'; readonly code: string; readonly retryable: boolean; readonly message: string };

export interface BusProcess {
  readonly child: ChildProcess;
  readonly reports: readonly Report[];
  /** Resolves once a report of that kind has arrived for which the predicate is true. */
  readonly until: <E extends Report['event']>(
    event: E,
    accept?: (report: Extract<Report, { event: E }>) => boolean,
  ) => Promise<Extract<Report, { event: E }>>;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

const WAIT_MS = 60_000;

/** @param fileBytes largest file that the process may write, to simulate a full disk */
export function startProcess(task: Task, fileBytes?: number): BusProcess {
  const register = fileURLToPath(new URL('../../../test/support/clickhouse/clickhouse-register.mjs', import.meta.url));
  const node = [process.execPath, '--import', register, fileURLToPath(import.meta.url), JSON.stringify(task)];
  const limit = fileBytes === undefined ? '' : `ulimit -f ${Math.floor(fileBytes / 512)}; `;
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
  const reports: Report[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => reports.push(JSON.parse(line) as Report));
  return {
    child,
    reports,
    until: async (event, accept = () => true) => {
      type Wanted = Extract<Report, { event: typeof event }>;
      for (const giveUpAt = Date.now() + WAIT_MS; Date.now() < giveUpAt;) {
        const found = reports.find((report): report is Wanted => report.event === event && accept(report as Wanted));
        if (found !== undefined) return found;
        if (child.exitCode !== null) break;
        await sleep(10);
      }
      throw new Error(
        `no ${event} from ${task.name} (exit code ${String(child.exitCode)}): ${JSON.stringify(reports.slice(-3))}`,
      );
    },
    kill: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

function report(fact: Report): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

function openBus(place: Place): Promise<Bus> {
  const log = createLog('bus-process', 'error');
  return place.kind === 'embedded'
    ? createEmbeddedBus({
        ...place,
        key: place.secret === undefined ? undefined : createDataKey(Buffer.from(place.secret, 'hex')),
        log,
      })
    : createKafkaBus({ ...place, clientId: 'test', log });
}

async function publish(bus: Bus, { topic, name, pace, valueBytes = 100, count = Infinity }: Task): Promise<void> {
  const filler = '.'.repeat(valueBytes);
  for (let next = 0; next < count; next += pace) {
    const numbers = Array.from({ length: pace }, (_, index) => next + index);
    await bus.publish(
      numbers.map((number) => ({
        topic,
        key: `${name}-${number % 7}`,
        value: Buffer.from(`${name} ${number} ${filler}`),
      })),
    );
    report({ event: 'acknowledged', upTo: next + pace });
  }
}

async function consume(bus: Bus, { topic, name, pace, frozenBy }: Task): Promise<void> {
  await bus.consume({
    group: name,
    topics: [topic],
    maxBytes: 1_000,
    onBatch: async ({ partition, messages }, consumption) => {
      const [first, last] = [messages[0]?.offset ?? 0, messages.at(-1)?.offset ?? 0];
      report({ event: 'batch', partition, first, last });
      await sleep(pace);
      if (frozenBy !== undefined) freezeWhile(frozenBy);
      try {
        await consumption.commit([{ topic, partition, offset: last + 1 }]);
      } catch (error) {
        reportFailure(error);
        throw error;
      }
      report({ event: 'committed', partition, next: last + 1 });
    },
  });
}

/**
 * Freezes here and not by a signal: a process stopped by a signal within a commit to the embedded log would hold LMDB's
 * lock, for which all others wait.
 */
function freezeWhile(path: string): void {
  if (!existsSync(path)) return;
  report({ event: 'frozen' });
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (existsSync(path)) Atomics.wait(never, 0, 0, 50);
}

function reportFailure(error: unknown): void {
  const { code, retryable, message } =
    error instanceof ShellError ? error : { code: 'OTHER', retryable: false, message: String(error) };
  report({ event: 'failed', code, retryable, message });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const task = JSON.parse(process.argv[2] ?? '') as Task;
  // The kernel sends this signal when a file may not grow. Without a listener it would end the process before the error
  // is seen.
  process.on('SIGXFSZ', () => undefined);
  const bus = await openBus(task.place);
  report({ event: 'ready' });
  try {
    if (task.role === 'publish') {
      await publish(bus, task);
      await bus.close();
    } else await consume(bus, task);
  } catch (error) {
    reportFailure(error);
    await bus.close();
  }
}
