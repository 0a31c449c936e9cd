/** Moves the spool to the bus, in order. The bus may be away for hours; the spool waits. */
import { randomUUID } from 'node:crypto';
import type { Bus, OutgoingMessage } from '../platform/bus/bus.ts';
import type { Log } from '../platform/log.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { sha256 } from '../platform/hash.ts';
import type { Reject } from '../schemas/reject.ts';
import { HEADERS, TOPICS } from '../schemas/topics.ts';
import type { Spool, SpooledEntry } from './spool/spool.ts';

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
const RETRY_MS = [100, 250, 500, 1000, 2000, 5000] as const;
const REJECT_PART = 131_072;

export function startForwarder({ spool, bus, log, now }: ForwarderDeps): Forwarder {
  let stopping = false;
  let failures = 0;
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = () => {
      stopping = true;
      resolve();
    };
  });
  const pause = async (ms: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), stopped]);
    clearTimeout(timer);
  };

  const forward = async (entries: readonly SpooledEntry[]): Promise<void> => {
    try {
      await bus.publish(entries.map((entry) => messageFor(spool.id, entry)));
      await spool.markPublished(entries);
    } catch (error) {
      if (!(error instanceof ShellError && error.code === 'BUS_MESSAGE_TOO_LARGE')) throw error;
      // One of them is too large for this broker: go on one by one, and cut that one.
      for (const entry of entries) {
        await publishPieces(entry);
        await spool.markPublished([entry]);
      }
    }
  };

  const publishPieces = async (entry: SpooledEntry): Promise<void> => {
    const tooLarge = (error: unknown): boolean => error instanceof ShellError && error.code === 'BUS_MESSAGE_TOO_LARGE';
    try {
      await bus.publish([messageFor(spool.id, entry)]);
      return;
    } catch (error) {
      if (!tooLarge(error)) throw error;
    }
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
        for (const reject of rejectsFor(entry, line, now())) {
          await bus.publish([
            { topic: TOPICS.rejects, key: reject.tenant, value: Buffer.from(JSON.stringify(reject)) },
          ]);
        }
      }
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping) {
      const appended = spool.nextAppend();
      const entries = spool.read(spool.published().sequence, BATCH_BYTES);
      if (entries.length === 0) {
        await Promise.race([appended, stopped]);
        continue;
      }
      try {
        await forward(entries);
        if (failures > 0) log.info('publishing again', { failures });
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn('publishing failed, the spool waits', { error: messageOf(error) });
        await pause(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 5000);
      }
    }
  };
  const running = run();
  return {
    failing: () => failures > 0,
    stop: async () => {
      stop();
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

function rejectsFor(entry: SpooledEntry, line: string, receivedAt: number): readonly Reject[] {
  const parts = Math.ceil(line.length / REJECT_PART);
  const rejectId = randomUUID().replaceAll('-', '');
  return Array.from({ length: parts }, (_, part) => ({
    rejectId,
    tenant: entry.key.slice(0, Math.max(1, entry.key.indexOf('/'))),
    receivedAt,
    stage: 'collector' as const,
    signal: entry.signal,
    reason: 'event_too_large' as const,
    detail: `${Buffer.byteLength(line)} bytes are more than the broker takes in one message`,
    sha256: sha256(line),
    sizeBytes: Buffer.byteLength(line),
    part,
    parts,
    body: line.slice(part * REJECT_PART, (part + 1) * REJECT_PART).toWellFormed(),
  }));
}
