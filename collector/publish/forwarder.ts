/** Moves the spool to the bus, in order. The bus may be away for hours; the spool waits. */
import { pauseFor, steppedPauses } from '../../platform/retry.ts';
import { once } from 'node:events';
import type { Bus, OutgoingMessage } from '../../platform/bus/bus.ts';
import type { Log } from '../../platform/log.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { hash128, sha256 } from '../../platform/hash.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { type Reject, piecesOf } from '../../schemas/records/reject.ts';
import { HEADERS, TOPICS } from '../../schemas/topics.ts';
import { tenantOf } from '../spool/entry.ts';
import type { SpooledEntry } from '../spool/segments/segment-list.ts';
import type { Spool } from '../spool/spool.ts';

export interface Forwarder {
  /** True while the last attempt to publish failed. */
  readonly failing: () => boolean;
  stop(): Promise<void>;
}

export interface ForwarderDeps {
  readonly spool: Spool;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Log;
  readonly now: () => number;
}

const BATCH_BYTES = 2 * 1024 ** 2;
const PAUSES = steppedPauses(100, 250, 500, 1_000, 2_000, 5_000);
/** A broker that does not take a piece of this many characters takes nothing. */
const SMALLEST_PIECE = 64;

export function startForwarder({ spool, bus, log, now }: ForwarderDeps): Forwarder {
  const ended = new AbortController();
  const stopped = once(ended.signal, 'abort');
  let failures = 0;

  const forward = async (entries: readonly SpooledEntry[]): Promise<void> => {
    try {
      await bus.publish(entries.map((entry) => messageFor(spool.id, entry)));
      spool.markPublished(entries);
    } catch (error) {
      if (!tooLarge(error)) throw error;
      // One of them is too large for this broker: go on one by one, and cut that one.
      for (const entry of entries) {
        const refused = await publishPieces(entry);
        spool.markPublished([entry], {
          records: recordsOf(entry, refused),
          events: refused.length,
          derived: derivedIn(entry, refused),
        });
      }
    }
  };

  /** @returns the lines that the broker took at no size, from 0 */
  const publishPieces = async (entry: SpooledEntry): Promise<readonly number[]> => {
    try {
      await bus.publish([messageFor(spool.id, entry)]);
      return [];
    } catch (error) {
      if (!tooLarge(error)) throw error;
    }
    const refused: number[] = [];
    const lines = entry.value.toString('utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      try {
        await bus.publish([
          messageFor(spool.id, { ...entry, value: Buffer.from(line), count: 1, sequence: entry.sequence + index }),
        ]);
      } catch (error) {
        if (!tooLarge(error)) throw error;
        log.error('event too large for the broker, sent to the rejects', {
          sizeBytes: Buffer.byteLength(line),
          error: messageOf(error),
        });
        await publishRejects(entry, line);
        refused.push(index);
      }
    }
    return refused;
  };

  /** In smaller and smaller pieces, until the broker takes them; later ones replace earlier ones of the same number. */
  const publishRejects = async (entry: SpooledEntry, line: string): Promise<void> => {
    for (let length: number | undefined; ;) {
      const rejects = rejectsFor(entry, line, length, now());
      try {
        for (const reject of rejects) {
          const value = Buffer.from(JSON.stringify(reject));
          await bus.publish([{ topic: TOPICS.rejects, key: reject.tenant, value }]);
        }
        return;
      } catch (error) {
        length = Math.floor((rejects[0]?.body.length ?? 0) / 2);
        if (!tooLarge(error) || length < SMALLEST_PIECE) throw error;
      }
    }
  };

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const appended = spool.nextAppend();
      try {
        const entries = spool.next(BATCH_BYTES);
        if (entries.length === 0) {
          await Promise.race([appended, stopped]);
          continue;
        }
        await forward(entries);
        if (failures > 0) log.info('publishing again', { failures });
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn('publishing failed, the spool waits', { error: messageOf(error) });
        await pauseFor(PAUSES(failures), ended.signal);
      }
    }
  };
  const running = run();
  return {
    failing: () => failures > 0,
    stop: async () => {
      ended.abort();
      await running;
    },
  };
}

function messageFor(spoolId: string, { topic, key, value, count, sequence }: SpooledEntry): OutgoingMessage {
  return {
    topic,
    key,
    value,
    headers: { [HEADERS.spool]: spoolId, [HEADERS.sequence]: String(sequence), [HEADERS.count]: String(count) },
  };
}

/** How many of the records that end in a message have one of these lines. */
function recordsOf({ records, count, recordEnds }: SpooledEntry, lines: readonly number[]): number {
  if (records === 0 || lines.length === 0) return 0;
  const ends = recordEnds ?? Array.from({ length: count }, (_, line) => line);
  return ends.filter((end, index) => lines.some((line) => line <= end && line > (ends[index - 1] ?? -1))).length;
}

/** How many of these lines are events derived from command lines. */
function derivedIn({ value, derived = 0 }: SpooledEntry, lines: readonly number[]): number {
  if (derived === 0 || lines.length === 0) return 0;
  const all = value.toString('utf8').split('\n');
  return lines.filter((line) => (JSON.parse(all[line] ?? '{}') as Partial<AgentEvent>).derivedFrom !== undefined)
    .length;
}

function tooLarge(error: unknown): boolean {
  return error instanceof ShellError && error.code === 'BUS_MESSAGE_TOO_LARGE';
}

function rejectsFor(
  entry: SpooledEntry,
  line: string,
  pieceLength: number | undefined,
  receivedAt: number,
): readonly Reject[] {
  const tenant = tenantOf(entry.key);
  const sizeBytes = Buffer.byteLength(line);
  const pieces = piecesOf(line, pieceLength);
  // The same bytes have the same id, so that publishing them again after a failure adds nothing.
  const rejectId = hash128(['collector', tenant, 'event_too_large', line].join('\0'));
  return pieces.map((body, part) => ({
    rejectId,
    tenant,
    receivedAt,
    stage: 'collector',
    signal: entry.signal,
    reason: 'event_too_large',
    detail: `${sizeBytes} bytes are more than the broker takes in one message`,
    sha256: sha256(line),
    sizeBytes,
    part,
    parts: pieces.length,
    body,
  }));
}
