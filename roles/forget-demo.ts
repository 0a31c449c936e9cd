/** The half of removing the demo that needs the warehouse: waits until nothing of it is under way, then deletes its rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GROUP as DETECTOR_GROUP, controlMessage } from '../detector/live/partition-worker.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Carrier } from '../platform/files/requests-folder.ts';
import { ShellError } from '../platform/shell-error.ts';
import type { Warehouse } from '../platform/warehouse/index.ts';
import { TOPICS } from '../schemas/topics.ts';
import { removeTenant } from '../store/remove-tenant.ts';
import { RECORDER_GROUPS } from './recorder.ts';

/** Owner of the demo's data, and of nothing else. */
export const DEMO_TENANT = 'demo';
/** Request of the supervisor to the warehouse (see `platform/files/requests-folder.ts`). */
export const FORGET_DEMO = 'forget-demo';

const STEP_MS = 50_000;
const POLL_MS = 100;

/** @throws ShellError REMOVAL_STUCK */
export function forgetDemo({ bus, warehouse }: { readonly bus: Bus; readonly warehouse: Warehouse }): Carrier {
  return async (signal) => {
    // From this record on the detector has no open alert of the demo that a later tick could tell again.
    const partitions = await bus.partitionsOf(TOPICS.events);
    const forget = (partition: number) => controlMessage(partition, 'forget', { tenant: DEMO_TENANT });
    await bus.publish(Array.from({ length: partitions }, (_, partition) => forget(partition)));
    await passed(bus, 'the detector', DETECTOR_GROUP, TOPICS.events, signal);
    // Only now: what the detector has said until then is in the log.
    for (const { topic, group } of RECORDER_GROUPS) await passed(bus, 'the recorder', group, topic, signal);
    await removeTenant(warehouse, DEMO_TENANT);
  };
}

/** Resolves when the group has dealt with all that stands in the topic now. */
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
        `${who} has not dealt with all it has within ${STEP_MS / 1000} s; nothing was removed`,
        {
          retryable: true,
        },
      );
    await sleep(POLL_MS, undefined, { signal });
  }
}
