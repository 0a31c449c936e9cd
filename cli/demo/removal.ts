/**
 * Removes the demo from a running Vigil so that none of its data arrives later: it first stops the demo, then waits for
 * each step of the pipeline to finish, and last deletes the rows from the warehouse.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../../platform/bus/bus.ts';
import { type Carrier, leaveRequest } from '../../platform/files/requests-folder.ts';
import { ShellError } from '../../platform/shell-error.ts';
import type { Warehouse } from '../../platform/warehouse/index.ts';
import { DEMO_TENANT, FORGET_DEMO, forgetDemo, passed, until } from '../../roles/forget-demo.ts';
import { RECORDER_GROUPS } from '../../roles/recorder.ts';
import { TOPICS } from '../../schemas/topics.ts';
import { latestAccounts } from '../../store/queries/ledger.ts';
import type { OwnCollector } from '../own-collector.ts';

/** Limit for the whole removal; the detector or the recorder may first have to work through a backlog. */
export const REMOVAL_MS = 120_000;

export interface Front {
  /** Stops the demo if it is running; everything it has sent is then acknowledged. */
  readonly stopPlay: () => Promise<void>;
  readonly collector: OwnCollector;
  /** Token that may read its metrics. */
  readonly token: string;
  /** Requests folder of the process that owns the warehouse. */
  readonly requestsFolder: string;
}

/** The first half, in the process that runs the demo. @throws ShellError REMOVAL_STUCK, REQUEST_FAILED, NO_ANSWER */
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

/** Collectors report on their spools every five seconds. */
const TOLD_MS = 6_000;
/** A spool with waiting records that has not reported for this long has no collector. */
const SILENT_MS = 60_000;

export interface ClusterRemoval {
  /** Demo records in spools without a running collector; they arrive later, when the collectors start again. */
  readonly left: number;
}

/**
 * Does the same when no demo is running and the roles are separate processes: the collectors' ledger entries show what
 * waits in their spools.
 *
 * @throws ShellError REMOVAL_STUCK, then nothing was removed
 */
export async function removeFromCluster(
  { bus, warehouse }: { readonly bus: Bus; readonly warehouse: Warehouse },
  signal: AbortSignal,
): Promise<ClusterRemoval> {
  // After this time the collectors have reported what they have received until now, and the recorder has stored the
  // reports.
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

interface Spooled {
  published: number;
  waiting: number;
}

/**
 * Returns how many demo records the collector has published for each signal, and how many wait in its spool. @throws
 * ShellError REMOVAL_STUCK
 */
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
