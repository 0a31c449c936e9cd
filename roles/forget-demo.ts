/**
 * The part of removing the demo that needs the warehouse: it waits until no demo data is in progress, then deletes its
 * rows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GROUP as DETECTOR_GROUP, controlMessage } from '../detector/live/partition-worker.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Carrier } from '../platform/files/requests-folder.ts';
import { ShellError } from '../platform/shell-error.ts';
import type { Warehouse } from '../platform/warehouse/index.ts';
import { TOPICS } from '../schemas/topics.ts';
import { removeTenant } from '../store/remove-tenant.ts';
import { RECORDER_GROUPS } from './recorder.ts';

/** Owns the demo's data and nothing else. */
export const DEMO_TENANT = 'demo';
/** The supervisor's request to the warehouse role (see `platform/files/requests-folder.ts`). */
export const FORGET_DEMO = 'forget-demo';

const STEP_MS = 50_000;
const POLL_MS = 100;

/** @throws ShellError REMOVAL_STUCK */
export function forgetDemo({ bus, warehouse }: { readonly bus: Bus; readonly warehouse: Warehouse }): Carrier {
  return async (signal) => {
    // After this message the detector has no open alert of the demo that a later tick could publish again.
    const partitions = await bus.partitionsOf(TOPICS.events);
    const forget = (partition: number) => controlMessage(partition, 'forget', { tenant: DEMO_TENANT });
    await bus.publish(Array.from({ length: partitions }, (_, partition) => forget(partition)));
    await passed(bus, 'the detector', DETECTOR_GROUP, TOPICS.events, signal);
    // This must be last: what the detector has published until then is in the log.
    for (const { topic, group } of RECORDER_GROUPS) await passed(bus, 'the recorder', group, topic, signal);
    await removeTenant(warehouse, DEMO_TENANT);
  };
}

/** Resolves when the group has handled everything that is in the topic now. */
export async function passed(bus: Bus, who: string, group: string, topic: string, signal: AbortSignal): Promise<void> {
  const ends = new Map(
    (await bus.offsets(topic)).map(({ partition, earliest, next }) => [partition, earliest === next ? 0 : next]),
  );
  await until(who, signal, async () =>
    (await bus.positions(group, topic)).every(({ partition, offset = 0 }) => offset >= (ends.get(partition) ?? 0)),
  );
}

export async function until(who: string, signal: AbortSignal, condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + STEP_MS; !(await condition());) {
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new ShellError(
        'REMOVAL_STUCK',
        `${who} has not handled all of its data within ${STEP_MS / 1000} s; nothing was removed`,
        {
          retryable: true,
        },
      );
    await sleep(POLL_MS, undefined, { signal });
  }
}
