/**
 * Runs a detection's own fixtures through the engine. Pure; `vigil detections test` and the test suite print the
 * result.
 */
import { createBacktest } from '../engine/backtest.ts';
import type { Detection } from '../model/detection.ts';
import type { VersionedRule } from '../engine/rule-set.ts';
import { eventsOf } from './fixture-events.ts';
import type { Tools } from '../model/kind.ts';

export interface FixtureResult {
  readonly expected: 'fires' | 'quiet';
  /** Position in its list, starting at 1. */
  readonly number: number;
  readonly passed: boolean;
  readonly alerts: number;
  /** The reason when it failed; the alert summary when it fired. */
  readonly detail: string;
}

/** Runs every fixture separately, from an empty state and with this rule only. A Sigma file has no fixtures. */
export function testDetection(
  { fixtures }: { readonly fixtures?: Detection['fixtures'] },
  rule: VersionedRule,
  tools: Tools,
): readonly FixtureResult[] {
  if (fixtures === undefined) return [];
  return (['fires', 'quiet'] as const).flatMap((expected) =>
    fixtures[expected].map((fixture, index): FixtureResult => {
      const result = { expected, number: index + 1 };
      try {
        const run = createBacktest({ rules: [rule], ...tools });
        for (const event of eventsOf(fixture, tools.hash128)) run.fold([event]);
        const alerts = run.finish();
        const [failure] = run.takeCounts().failures;
        if (failure !== undefined) return { ...result, passed: false, alerts: alerts.length, detail: failure.reason };
        const passed = alerts.length > 0 === (expected === 'fires');
        const said = alerts[0]?.summary ?? 'no alert';
        return { ...result, passed, alerts: alerts.length, detail: said };
      } catch (error) {
        return { ...result, passed: false, alerts: 0, detail: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
