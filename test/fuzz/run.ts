/**
 * `npm run fuzz [-- --inputs 200000] [--seed 1]`: mutated captures of real agents and made-up wire bytes through the collector's own
 * reading, mapping, redaction and validation. Whatever comes in, each input record is accounted for, each event is valid and
 * fits a message, nothing but an OtlpDecodeError is thrown, and no input takes long. An input that breaks this is kept as a file,
 * its path is printed and the exit code is 1; the same seed gives the same inputs.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type OtlpSignal, takeRequest } from '../../collector/intake.ts';
import { mappingFor } from '../../collector/mappings/index.ts';
import { readJson } from '../../collector/otlp/read-json.ts';
import { readProtobuf } from '../../collector/otlp/read-protobuf.ts';
import { OtlpDecodeError } from '../../collector/otlp/record.ts';
import { createSessionActors } from '../../collector/session-actors.ts';
import { hash128, hashParts, sha256 } from '../../platform/hash.ts';
import { AgentEvent } from '../../schemas/agent-event.ts';
import { Reject } from '../../schemas/reject.ts';
import { EVENT_BYTES } from '../../schemas/topics.ts';
import { CAPTURED_AGENTS, capturedRequests } from '../support/captures.ts';
import { mutate, randomFrom, randomProtobuf } from './mutate.ts';

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
});
const INPUTS = Number(values.inputs);
const SEED = Number(values.seed);
/** Longer bodies are cut: time should go into many inputs. */
const BODY_BYTES = 60_000;
/** An input that takes longer (ms) hangs; the machine may be busy with other things. */
const HANG_MS = 2_000;
const MADE_UP_SHARE = 0.1;
const REPORT_EVERY = 20_000;
const SIGNALS: readonly OtlpSignal[] = ['logs', 'traces', 'metrics'];

interface Input {
  readonly signal: OtlpSignal;
  readonly encoding: 'json' | 'protobuf';
  readonly body: Buffer;
}

const corpus: readonly Input[] = CAPTURED_AGENTS.flatMap(capturedRequests).map(({ signal, contentType, body }) => ({
  signal,
  encoding: contentType === 'application/json' ? 'json' : 'protobuf',
  body: body.subarray(0, BODY_BYTES),
}));
const random = randomFrom(SEED);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

function nextInput(): Input {
  if (random() < MADE_UP_SHARE) return { signal: pick(SIGNALS), encoding: 'protobuf', body: randomProtobuf(random) };
  const base = pick(corpus);
  const body = mutate(base.body, pick(corpus).body, random);
  // Now and then to the wrong door, or as what it is not.
  const signal = random() < 0.02 ? pick(SIGNALS) : base.signal;
  const encoding = random() < 0.02 ? pick(['json', 'protobuf'] as const) : base.encoding;
  return { signal, encoding, body };
}

/** @returns what is wrong with the outcome, or undefined */
function problemWith({ signal, encoding, body }: Input): string | undefined {
  try {
    const result = takeRequest(
      {
        read: encoding === 'json' ? readJson : readProtobuf,
        mappingFor,
        hash128: hashParts,
        sha256,
        actors: createSessionActors('fuzz', hash128),
        isKnown: () => false,
      },
      { tenant: 't', sender: 'fuzz', signal, body, receivedAt: 1_800_000_000_000 },
    );
    const sum = (counts: ReadonlyMap<string, number>): number =>
      [...counts.values()].reduce((total, n) => total + n, 0);
    if (result.records !== result.accepted + result.duplicate + sum(result.skipped) + sum(result.rejected))
      return `${result.records} records are not what became of them`;
    for (const { lines, events, records } of result.messages) {
      const each = lines.split('\n');
      if (each.length !== events || records > events) return `${each.length} lines are told as ${events} events of ${records} records`; // prettier-ignore
      for (const line of each) {
        if (Buffer.byteLength(line) > EVENT_BYTES) return 'an event is longer than a message may be';
        AgentEvent.parse(JSON.parse(line));
      }
    }
    for (const reject of result.rejects) Reject.parse(JSON.parse(JSON.stringify(reject)));
    return undefined;
  } catch (error) {
    if (error instanceof OtlpDecodeError) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const started = performance.now();
let findings: string | undefined;
let found = 0;
let slowestMs = 0;
for (let n = 1; n <= INPUTS; n += 1) {
  const input = nextInput();
  const before = performance.now();
  let problem = problemWith(input);
  const tookMs = performance.now() - before;
  slowestMs = Math.max(slowestMs, tookMs);
  if (problem === undefined && tookMs > HANG_MS) problem = `took ${Math.round(tookMs)} ms`;
  if (problem !== undefined) {
    found += 1;
    findings ??= mkdtempSync(join(tmpdir(), 'vigil-fuzz-'));
    const file = join(findings, `${n}.${input.signal}.${input.encoding === 'json' ? 'json' : 'pb'}`);
    writeFileSync(file, input.body);
    console.error(`input ${n}: ${problem}\n  kept as ${file}`);
    if (found >= 20) break;
  }
  if (n % REPORT_EVERY === 0) {
    const perSecond = Math.round((n * 1000) / (performance.now() - started));
    const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
    console.log(`${n} inputs, ${perSecond} a second, slowest ${Math.round(slowestMs)} ms, ${rss} MiB resident, ${found} findings`); // prettier-ignore
  }
}
console.log(`seed ${SEED}: ${found} findings`);
process.exit(found > 0 ? 1 : 0);
