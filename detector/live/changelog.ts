/**
 * Writes and reads a partition's state in the changelog. A checkpoint consists of the changed keys, followed by a
 * marker with the offset that they include. Keys without a following marker belong to an incomplete checkpoint.
 */
import type { Message, OutgoingMessage } from '../../platform/bus/bus.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { Change } from '../engine/state-entry.ts';

const MARKER_KEY = JSON.stringify(['checkpoint']);
const CLAIM_KEY = JSON.stringify(['claim']);

export interface StoredState {
  readonly entries: ReadonlyMap<string, string>;
  /** Next offset of the events to fold; undefined before the first checkpoint. */
  readonly offset: number | undefined;
}

/** An empty value is a deletion. */
export function checkpointMessages(partition: number, changes: readonly Change[], offset: number): OutgoingMessage[] {
  return [
    ...changes.map(({ key, value }) => entry(partition, key, value ?? '')),
    entry(partition, MARKER_KEY, JSON.stringify({ offset })),
  ];
}

/** Written before the state is read, so that a previous holder can no longer write to it. */
export function claimMessage(partition: number, claimedAt: number): OutgoingMessage {
  return entry(partition, CLAIM_KEY, JSON.stringify({ claimedAt }));
}

function entry(partition: number, key: string, value: string): OutgoingMessage {
  return { topic: TOPICS.detectorState, partition, key, value: Buffer.from(value) };
}

export interface StateReader {
  readonly take: (messages: readonly Message[]) => void;
  readonly state: () => StoredState;
}

export function createStateReader(): StateReader {
  const entries = new Map<string, string>();
  let pending = new Map<string, string>();
  let offset: number | undefined;
  return {
    take: (messages) => {
      for (const { key, value } of messages) {
        if (key === CLAIM_KEY) continue;
        if (key !== MARKER_KEY) {
          pending.set(key, value.toString('utf8'));
          continue;
        }
        for (const [changed, text] of pending) {
          if (text === '') entries.delete(changed);
          else entries.set(changed, text);
        }
        pending = new Map();
        ({ offset } = JSON.parse(value.toString('utf8')) as { readonly offset: number });
      }
    },
    state: () => ({ entries, offset }),
  };
}
