/**
 * Removing the demo from a running Vigil, so that nothing of it comes afterwards: first the play ends, then each step of the
 * pipeline is waited for until none of it is under way, and last its rows are deleted from the warehouse.
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

/** In all; a backlog of the detector or the recorder has to be worked off first. */
export const REMOVAL_MS = 120_000;

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
