/**
 * Removing the demo from a Vigil that runs, so that nothing of it comes after: first what plays it ends, then each step of
 * the way is waited for until it has nothing more of it under way, and last the warehouse's rows are deleted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GROUP as DETECTOR_GROUP, controlMessage } from '../../detector/held-partition.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import { type Carrier, leaveRequest } from '../../platform/requests-folder.ts';
import { ShellError } from '../../platform/shell-error.ts';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { RECORDER_GROUPS } from '../../store/main.ts';
import { latestAccounts } from '../../store/queries/ledger.ts';
import { removeTenant } from '../../store/remove-tenant.ts';
import type { OwnCollector } from '../own-collector.ts';
import { DEMO_TENANT, FORGET_DEMO } from './play.ts';

/** In all; a backlog of the detector or the recorder has to be worked off first. */
export const REMOVAL_MS = 120_000;
const STEP_MS = 50_000;
const POLL_MS = 100;

export interface Front {
  /** Ends the play, if there is one; what it has sent by then is acknowledged. */
  readonly stopPlay: () => Promise<void>;
  readonly collector: OwnCollector;
  /** Reads its metrics. */
  readonly token: string;
  /** Where the process that has the warehouse takes requests. */
  readonly requestsFolder: string;
}

/** The first half, of the process that plays. @throws ShellError REMOVAL_STUCK, REQUEST_FAILED, NO_ANSWER */
export function removeDemo({ stopPlay, collector, token, requestsFolder }: Front): Carrier {
  return async (signal) => {
    await stopPlay();
    const spooledNow = (): ReturnType<typeof spooled> => spooled(collector, token);
    const goals = new Map([...(await spooledNow())].map(([name, at]) => [name, at.published + at.waiting]));
    await until('the collector', signal, async () =>
      [...(await spooledNow())].every(
        ([name, { published, waiting }]) => waiting === 0 || published >= (goals.get(name) ?? 0),
      ),
    );
    await leaveRequest(requestsFolder, FORGET_DEMO, { timeoutMs: REMOVAL_MS, signal });
  };
}

/** The second half, of the process that has the warehouse. @throws ShellError REMOVAL_STUCK */
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

/** Collectors tell of their spools every five seconds. */
const TOLD_MS = 6_000;
/** A spool in which records wait and that is not heard of for so long has no collector. */
const SILENT_MS = 60_000;

export interface ClusterRemoval {
  /** Records of the demo in spools whose collectors do not run: they come after it when these start again. */
  readonly left: number;
}

/**
 * The same where nobody plays it and the roles run elsewhere: what waits in their spools, collectors tell in the ledger.
 *
 * @throws ShellError REMOVAL_STUCK, then nothing was removed
 */
export async function removeFromCluster(
  { bus, warehouse }: { readonly bus: Bus; readonly warehouse: Warehouse },
  signal: AbortSignal,
): Promise<ClusterRemoval> {
  // What they have taken until now they have told of then, and the recorder has stored that.
  await sleep(TOLD_MS, undefined, { signal });
  const accounts = async (): ReturnType<typeof latestAccounts> => {
    for (const { topic, group } of RECORDER_GROUPS)
      if (topic === TOPICS.ledger) await passed(bus, 'the recorder', group, topic, signal);
    return (await latestAccounts(warehouse, DEMO_TENANT)).filter(({ waiting }) => waiting > 0);
  };
  const isSilent = ({ time }: { readonly time: number }): boolean => Date.now() - time > SILENT_MS;
  await until('a collector', signal, async () => (await accounts()).every(isSilent));
  const left = (await accounts()).reduce((all, { waiting }) => all + waiting, 0);
  await forgetDemo({ bus, warehouse })(signal);
  return { left };
}

/** Resolves when the group has dealt with all that stands in the topic now. */
async function passed(bus: Bus, who: string, group: string, topic: string, signal: AbortSignal): Promise<void> {
  const ends = new Map(
    (await bus.offsets(topic)).map(({ partition, earliest, next }) => [partition, earliest === next ? 0 : next]),
  );
  await until(who, signal, async () =>
    (await bus.positions(group, topic)).every(({ partition, offset = 0 }) => offset >= (ends.get(partition) ?? 0)),
  );
}

interface Spooled {
  published: number;
  waiting: number;
}

/** Records of the demo, of each signal, that the collector has published, and that wait in its spool. @throws ShellError REMOVAL_STUCK */
async function spooled(collector: OwnCollector, token: string): Promise<ReadonlyMap<string, Spooled>> {
  const { status, text } = await collector.ask('/metrics', { authorization: `Bearer ${token}` });
  if (status !== 200)
    throw new ShellError('REMOVAL_STUCK', `the collector answered ${status}: ${text}`, { retryable: true });
  const signals = new Map<string, Spooled>();
  for (const [, signal = '', state, count] of text.matchAll(RECORDS)) {
    const found = signals.get(signal) ?? { published: 0, waiting: 0 };
    found[state === 'published' ? 'published' : 'waiting'] += Number(count);
    signals.set(signal, found);
  }
  return signals;
}

const RECORDS = new RegExp(
  `^collector_ledger_records\\{signal="(\\w+)",state="(published|waiting)",[^}]*tenant="${DEMO_TENANT}"[^}]*\\} (\\d+)$`,
  'gm',
);

async function until(who: string, signal: AbortSignal, condition: () => Promise<boolean>): Promise<void> {
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
