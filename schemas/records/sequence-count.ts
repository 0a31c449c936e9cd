/**
 * How much of a session's telemetry was seen, told from the numbers that its agent gives its records. Each process counts
 * upwards without a gap from 0 or 1, and a resumed session goes on in a process that counts anew. Pure.
 */
import type { AgentEvent } from './agent-event.ts';

export interface SequenceCount {
  /** Counts of the processes before the current one. */
  readonly expected: number;
  readonly seen: number;
  readonly restarts: number;
  /** The current process: how many records were seen, the lowest and highest number, and the time of the highest. */
  readonly run: { readonly seen: number; readonly lowest: number; readonly highest: number; readonly time: number };
  /** The record seen last: several events may come of one. */
  readonly last: readonly [sequence: number, time: number];
}

/**
 * Mappings whose agents number every record of a session. Codex numbers tool results only, and over all sessions of a process:
 * a gap there may be another session's.
 */
const NUMBERED = ['claude-code@', 'genai@'];

type NumberedRecord = Pick<AgentEvent, 'sequence' | 'time' | 'mapping' | 'derivedFrom'>;

/** What an event adds to the count of its session; the same count where it adds nothing. */
export function countSequence(before: SequenceCount | undefined, event: NumberedRecord): SequenceCount | undefined {
  const { sequence, time, mapping, derivedFrom } = event;
  if (sequence === undefined || derivedFrom !== undefined) return before;
  if (!NUMBERED.some((name) => mapping.startsWith(name))) return before;
  const last = [sequence, time] as const;
  const begun = { seen: 1, lowest: sequence, highest: sequence, time };
  if (before === undefined) return { expected: 0, seen: 0, restarts: 0, run: begun, last };
  if (before.last[0] === sequence && before.last[1] === time) return before;
  const { run } = before;
  // Within a process later records have higher numbers; what is lower and earlier has only come late.
  if (sequence <= run.highest && time > run.time) {
    const { expected, seen } = totals(before);
    return { expected, seen, restarts: before.restarts + 1, run: begun, last };
  }
  const isHigher = sequence > run.highest;
  return {
    ...before,
    run: {
      seen: run.seen + 1,
      lowest: Math.min(run.lowest, sequence),
      highest: Math.max(run.highest, sequence),
      time: isHigher ? Math.max(run.time, time) : run.time,
    },
    last,
  };
}

/** Records that must have been there, and those that were seen. What came after the last one seen nobody can know. */
export function totals({ expected, seen, run }: SequenceCount): { readonly expected: number; readonly seen: number } {
  const first = run.lowest === 0 ? 0 : 1;
  return { expected: expected + run.highest - first + 1, seen: seen + run.seen };
}

/** Between 0 and 1. */
export function shareSeen(count: SequenceCount): number {
  const { expected, seen } = totals(count);
  return expected <= 0 ? 1 : Math.min(1, seen / expected);
}
