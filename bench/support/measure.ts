/** Shared by the benches: CPU and memory of a process, load over HTTP, and result lines that a script can read. */
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Prints `RESULT <name> <value> <unit>`. */
export function result(name: string, value: number, unit: string): void {
  console.log(`RESULT ${name} ${Number.isInteger(value) ? value : value.toFixed(value < 10 ? 3 : 1)} ${unit}`);
}

const TICKS_PER_SECOND = 100;

/** Returns the user and system time of a process so far, in seconds (Linux). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * Returns the anonymous memory in MiB: pages of mapped files (LMDB) belong to the page cache and not to the process.
 */
export function anonymousMiB(pid: number): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

export interface Body {
  readonly path: string;
  readonly contentType: string;
  /** Returns the n-th copy; each must differ from the others, so that none is recognised as a repeat. */
  readonly copy: (n: number) => Buffer;
  readonly records: number;
}

export interface LoadResult {
  readonly records: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

/**
 * Posts the bodies in turn over keep-alive connections.
 *
 * @param perSecond request rate: each request starts on time or as soon as a connection is free, and its latency counts
 * from when it was due; without it, as fast as possible
 * @throws Error when an answer is not 200
 */
export async function load(
  url: string,
  bodies: readonly Body[],
  requests: number,
  connections: number,
  perSecond = Infinity,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const latenciesMs: number[] = [];
  let next = 0;
  let records = 0;
  const one = (body: Body, content: Buffer, due: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          hostname,
          port,
          path: body.path,
          method: 'POST',
          agent,
          headers: { 'content-type': body.contentType, 'content-length': content.length },
        },
        (response) => {
          response.resume();
          response.on('end', () => {
            latenciesMs.push(performance.now() - due);
            if (response.statusCode === 200) resolve();
            else reject(new Error(`${body.path}: HTTP ${response.statusCode ?? 0}`));
          });
        },
      );
      request.on('error', reject);
      request.end(content);
    });
  const started = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (;;) {
        const n = next;
        next += 1;
        if (n >= requests) return;
        const body = bodies[n % bodies.length];
        if (body === undefined) return;
        const content = body.copy(n);
        const due = perSecond === Infinity ? performance.now() : started + (1000 * n) / perSecond;
        if (due > performance.now()) await sleep(due - performance.now());
        await one(body, content, due);
        records += body.records;
      }
    }),
  );
  agent.destroy();
  return { records, seconds: (performance.now() - started) / 1000, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

/** @param sorted ascending values @param share 0.5 for the median, 0.99 for the 99th percentile */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
