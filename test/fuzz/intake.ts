/** One input through the collector's own reading, mapping, redaction and validation. */
import { acceptRequest } from '../../collector/intake/intake.ts';
import { mappingFor } from '../../agents/index.ts';
import { readJson } from '../../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../../collector/otlp/protobuf/read-protobuf.ts';
import { OtlpDecodeError } from '../../schemas/otlp/record.ts';
import { createSessionActors } from '../../collector/intake/session-actors.ts';
import { hash128, hashParts, sha256 } from '../../platform/hash.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { Reject } from '../../schemas/records/reject.ts';
import { EVENT_BYTES } from '../../schemas/topics.ts';
import type { Input } from './split.ts';

/** An input that takes more CPU time (ms) counts as a hang. */
export const HANG_MS = 100;

export interface InputResult {
  /** The problem found; undefined if there is none. */
  readonly problem: string | undefined;
  /** Wall time, or CPU time if the wall time is close to a hang (ms). */
  readonly tookMs: number;
}

/** Reading the CPU time costs as much as a small input, so it is skipped for inputs faster than this. */
const SOON_MS = HANG_MS / 4;

export function tryInput(input: Input): InputResult {
  const started = performance.now();
  const problem = problemWith(input);
  const wallMs = performance.now() - started;
  const tookMs = wallMs < SOON_MS ? wallMs : cpuMsOf(input);
  return { problem: problem ?? (tookMs > HANG_MS ? `took ${Math.round(tookMs)} ms` : undefined), tookMs };
}

/** Runs the input once more and returns its CPU time (ms), which does not depend on other load. */
function cpuMsOf(input: Input): number {
  const before = process.cpuUsage();
  problemWith(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** @returns what is wrong with the outcome, or undefined */
export function problemWith({ signal, encoding, body }: Input): string | undefined {
  try {
    const result = acceptRequest(
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
      return `${result.records} records do not add up to their outcomes`;
    for (const { lines, events, records } of result.messages) {
      const each = lines.split('\n');
      if (each.length !== events || records > events)
        return `${each.length} lines are counted as ${events} events of ${records} records`;
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
