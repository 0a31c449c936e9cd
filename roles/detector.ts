/** The detector: agent events in, explained alerts out. */
import { runRole, serveAdmin } from './run-role.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Config } from '../platform/config.ts';
import { hash128 } from '../platform/hash.ts';
import type { Running } from '../platform/process/lifecycle.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { messageOf } from '../platform/shell-error.ts';
import { createDetectorMetrics } from '../detector/live/detector-metrics.ts';
import { SHIPPED_DETECTIONS, describeProblem, fingerprintOf, loadDetections } from '../detector/catalogue/load.ts';
import { createRuleSets } from '../detector/live/rule-sets.ts';
import { RUN_OPTIONS, type RunOptions, startJudging } from '../detector/live/run.ts';

export interface DetectorDeps {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly config: Pick<Config, 'VIGIL_DETECTIONS'>;
  /** Wall clock, ms since epoch. */
  readonly clock: () => number;
  readonly options?: RunOptions;
  /** How often the folder with the user's own detections is checked (ms). */
  readonly reloadMs?: number;
}

const RELOAD_MS = 5_000;

/**
 * Starts judging. Broken files are left out and reported by name and line. Later changes of the user's own files come
 * into force without a restart, unless one of them is broken.
 *
 * @throws ShellError BAD_DETECTIONS when a folder cannot be read; BUS_UNAVAILABLE (retryable)
 */
export async function startDetector({
  bus,
  log,
  metrics,
  config,
  clock,
  options = RUN_OPTIONS,
  reloadMs = RELOAD_MS,
}: DetectorDeps): Promise<Running> {
  const tools = { hash128 };
  const counted = createDetectorMetrics(metrics);
  const own = config.VIGIL_DETECTIONS === undefined ? [] : [config.VIGIL_DETECTIONS];
  const folders = [SHIPPED_DETECTIONS, ...own];
  const load = async () => {
    const loaded = await loadDetections(folders, tools);
    counted.broken.set({}, loaded.problems.length);
    for (const problem of loaded.problems) log.error('detection rejected', { problem: describeProblem(problem) });
    return loaded;
  };

  let fingerprint = await fingerprintOf(own);
  const loaded = await load();
  const ruleSets = createRuleSets(bus, tools, (broken, ruleSet) => {
    for (const { version, cause } of broken)
      log.error('cannot use a rule that is in force', { ruleSet, version, error: cause.message });
  });
  const rulesOf = async ({ detections }: typeof loaded) => {
    counted.rules.set({}, detections.length);
    return ruleSets.publish(detections.map(({ rule }) => rule));
  };
  const run = await startJudging(
    { bus, ruleSets, metrics: counted, log, now: clock, hash128 },
    await rulesOf(loaded),
    options,
  );
  log.info('judging', { rules: loaded.detections.length, partitions: run.partitions().length });

  let reloading = false;
  const reload = async (): Promise<void> => {
    if (reloading) return;
    reloading = true;
    try {
      const found = await fingerprintOf(own);
      if (found === fingerprint) return;
      const changed = await load();
      if (changed.problems.length > 0) {
        fingerprint = found;
        log.error('detections not reloaded, the running rule set stays in force', {
          problems: changed.problems.length,
        });
        return;
      }
      await run.setRules(await rulesOf(changed));
      fingerprint = found;
      log.info('detections reloaded', { rules: changed.detections.length });
    } catch (error) {
      log.error('detections not reloaded, the running rule set stays in force', { error: messageOf(error) });
    } finally {
      reloading = false;
    }
  };
  const timer = own.length === 0 ? undefined : setInterval(() => void reload(), reloadMs);
  return {
    facts: { rules: loaded.detections.length },
    stop: async () => {
      clearInterval(timer);
      await run.stop();
    },
  };
}

export async function runDetector(): Promise<void> {
  await runRole('detector', async (parts, undo) => {
    await serveAdmin('detector', parts, () => parts.bus.ping(), undo);
    return startDetector({ ...parts, clock: Date.now });
  });
}
