/** Runs the engine over stored events instead of the log: the same fold, without rebuilding and without ticks. Pure. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Alert } from '../../schemas/records/alert.ts';
import type { FoldCounts } from './fold-counts.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Partition } from './partition.ts';
import { type VersionedRule, armRuleSet } from './rule-set.ts';
import type { Tools } from '../model/kind.ts';

export interface Backtest {
  /** Folds what one actor sent in one request. Must be called in the order in which requests were sent. */
  fold(events: readonly AgentEvent[]): void;
  /** Returns the last revision of every alert, earliest first. */
  finish(): readonly Alert[];
  takeCounts(): FoldCounts;
}

export interface BacktestOptions extends Tools {
  readonly rules: readonly VersionedRule[];
  readonly limits?: Limits;
}

/**
 * One partition without a limit on its actors. Actors share no state, so the number of partitions changes no verdict.
 */
const UNBOUNDED: Limits = { ...LIMITS, itemsPerPartition: Number.MAX_SAFE_INTEGER };

/** @throws Error when a rule cannot be used */
export function createBacktest({ rules, hash128, limits = UNBOUNDED }: BacktestOptions): Backtest {
  const ruleSet = armRuleSet(rules, { hash128 });
  const [broken] = ruleSet.broken;
  if (broken !== undefined) throw new Error(`cannot use a rule: ${broken.cause.message}`, { cause: broken.cause });
  const partition = new Partition({ hash128, limits, ruleSetOf: () => ruleSet }, ruleSet.hash);
  const alerts = new Map<string, Alert>();
  const keep = (revisions: readonly Alert[]): void => {
    // The store keeps the last revision too.
    for (const alert of revisions)
      if (alert.revision >= (alerts.get(alert.alertId)?.revision ?? 0)) alerts.set(alert.alertId, alert);
  };
  return {
    fold: (events) => {
      keep(partition.fold({ kind: 'events', events }));
      // A backtest stores no changes.
      partition.settle();
    },
    finish: () => {
      keep(partition.flush());
      return [...alerts.values()].sort((a, b) => a.firstSeen - b.firstSeen || (a.alertId < b.alertId ? -1 : 1));
    },
    takeCounts: () => partition.takeCounts(),
  };
}

/** Returns the converged alerts of a sequence of requests. */
export function backtest(requests: Iterable<readonly AgentEvent[]>, options: BacktestOptions): readonly Alert[] {
  const run = createBacktest(options);
  for (const events of requests) run.fold(events);
  return run.finish();
}
