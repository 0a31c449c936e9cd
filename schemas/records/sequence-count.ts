/**
 * How much of a session's telemetry was seen, computed from the numbers that its agent gives its records. Each process counts
 * upwards without a gap from 0 or 1; when a session is resumed, another process starts counting again. Pure.
 */
import type { AgentEvent } from './agent-event.ts';

export interface SequenceCount {
  /** `expected` and `seen` count the processes before the current one. */
  readonly expected: number;
  readonly seen: number;
  readonly restarts: number;
  /** The current process: how many records were seen, the lowest and highest number, and the time of the highest. */
  readonly run: { readonly seen: number; readonly lowest: number; readonly highest: number; readonly time: number };
  /** The record seen last, since several events may come from one record. */
  readonly last: readonly [sequence: number, time: number];
}

type NumberedRecord = Pick<AgentEvent, 'sequence' | 'time' | 'derivedFrom'>;

/**
 * The count of a session with one more event; the same count if the event adds nothing.
 *
 * @param event of an agent that numbers every record of a session
 */
export function countSequence(before: SequenceCount | undefined, event: NumberedRecord): SequenceCount | undefined {
  const { sequence, time, derivedFrom } = event;
  if (sequence === undefined || derivedFrom !== undefined) return before;
  const last = [sequence, time] as const;
  const begun = { seen: 1, lowest: sequence, highest: sequence, time };
  if (before === undefined) return { expected: 0, seen: 0, restarts: 0, run: begun, last };
  if (before.last[0] === sequence && before.last[1] === time) return before;
  const { run } = before;
  // Within a process later records have higher numbers; a lower number with an earlier time only arrived late.
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

/** Records that must have existed, and those that were seen. Records after the last one seen are unknown. */
export function totals({ expected, seen, run }: SequenceCount): { readonly expected: number; readonly seen: number } {
  const first = run.lowest === 0 ? 0 : 1;
  return { expected: expected + run.highest - first + 1, seen: seen + run.seen };
}

/** Between 0 and 1. */
export function shareSeen(count: SequenceCount): number {
  const { expected, seen } = totals(count);
  return expected <= 0 ? 1 : Math.min(1, seen / expected);
}
