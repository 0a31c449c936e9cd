/**
 * `npm run fuzz [-- --inputs 200000] [--doors 20000] [--seed 1]`: mutated captures of real agents and random wire bytes through the
 * collector's own code (`--inputs`), and by OTLP/HTTP and OTLP/gRPC into a running collector (`--doors`). For any input, each
 * input record is accounted for, each event is valid and fits a message, each answer is valid OTLP, no input takes 100 ms of CPU
 * time, and memory stays bounded. An input that breaks this is kept as a file, its path is printed and the exit
 * code is 1; the same seed gives the same inputs.
 */
import type { Input } from './split.ts';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDoors } from './doors.ts';
import { inputsFrom } from './inputs.ts';
import { tryInput } from './intake.ts';
import { randomFrom } from '../support/telemetry/mutate.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '200000' },
    doors: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const SEED = Number(values.seed);
const REPORT_EVERY = 20_000;
/** Concurrent requests. */
const AT_ONCE = 16;
/** More memory (MiB) than the collector needs at any load: anonymous memory of a collector, resident memory of this process. */
const MEMORY_MIB = 400;
const MOST_FINDINGS = 20;

let folder: string | undefined;
let findings = 0;
const started = performance.now();

function keep(name: string, { signal, encoding, body }: Input, problem: string): void {
  findings += 1;
  folder ??= mkdtempSync(join(tmpdir(), 'vigil-fuzz-findings-'));
  const file = join(folder, `${name}.${signal}.${encoding === 'json' ? 'json' : 'pb'}`);
  writeFileSync(file, body);
  console.error(`input ${name}: ${problem}\n  kept as ${file}`);
}

function report(what: string, n: number, rest: string): void {
  const perSecond = Math.round((n * 1000) / (performance.now() - started));
  console.log(`${n} ${what}, ${perSecond} a second, ${rest}, ${findings} findings`);
}

function throughIntake(inputs: number): void {
  const nextInput = inputsFrom(randomFrom(SEED));
  let slowestMs = 0;
  for (let n = 1; n <= inputs && findings < MOST_FINDINGS; n += 1) {
    const input = nextInput();
    const { problem, tookMs } = tryInput(input);
    slowestMs = Math.max(slowestMs, tookMs);
    if (problem !== undefined) keep(String(n), input, problem);
    if (n % REPORT_EVERY !== 0) continue;
    const resident = Math.round(process.memoryUsage.rss() / 2 ** 20);
    if (resident > MEMORY_MIB) keep(String(n), input, `this process holds ${resident} MiB`);
    report('inputs', n, `slowest ${Math.round(slowestMs)} ms, ${resident} MiB resident`);
  }
}

async function throughDoors(inputs: number): Promise<void> {
  const random = randomFrom(SEED + 1);
  const nextInput = inputsFrom(random);
  const doors = await openDoors(random);
  let sent = 0;
  let mostMiB = 0;
  const sender = async (): Promise<void> => {
    while (sent < inputs && findings < MOST_FINDINGS) {
      sent += 1;
      const n = sent;
      const input = nextInput();
      const problem = await doors.send(input);
      if (problem !== undefined) keep(`door-${n}`, input, problem);
      if (n % 1_000 === 0) {
        const now = doors.memoryMiB();
        if (now > MEMORY_MIB && mostMiB <= MEMORY_MIB)
          keep(`door-${n}`, input, `the collector holds ${Math.round(now)} MiB`);
        mostMiB = Math.max(mostMiB, now);
      }
      if (n % REPORT_EVERY === 0) report('requests', n, `at most ${Math.round(mostMiB)} MiB of the collector`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  const problem = await doors.finish();
  if (problem !== undefined) {
    findings += 1;
    console.error(problem);
  }
  console.log(`${sent} requests to the doors, at most ${Math.round(mostMiB)} MiB of the collector`);
}

throughIntake(Number(values.inputs));
if (Number(values.doors) > 0) await throughDoors(Number(values.doors));
console.log(`seed ${SEED}: ${findings} findings`);
process.exit(findings > 0 ? 1 : 0);
