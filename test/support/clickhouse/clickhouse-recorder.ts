/** A recorder in a process of its own over a log that is the same at every start; tests kill it. */
import { createLog } from '../../../platform/log.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import { openWarehouse } from '../../../platform/warehouse/index.ts';
import { TOPICS } from '../../../schemas/topics.ts';
import { startRecorder } from '../../../roles/recorder.ts';
import { createMemoryBus } from './clickhouse-bus.ts';
import { linesOf, syntheticAlerts, syntheticEvents } from './clickhouse-events.ts';

export const KILLED_EVENTS = { seed: 3, count: 60_000, perSession: 50, concurrent: 30 } as const;
export const KILLED_ALERTS = { count: 2_000 } as const;
const EVENTS_PER_MESSAGE = 20;

const [, program, url = '', positionsFile = ''] = process.argv;
if (program?.endsWith('clickhouse-recorder.ts') === true) {
  // Batches are cut by the clock, so differently at every start.
  const bus = createMemoryBus({ positionsFile, cut: () => 1 + (Math.floor(performance.now() * 1_000) % 97) });
  let lines: unknown[] = [];
  for (const event of syntheticEvents(KILLED_EVENTS)) {
    lines.push(event);
    if (lines.length < EVENTS_PER_MESSAGE) continue;
    await bus.publish([
      { topic: TOPICS.events, key: `default/${event.sessionId}`, value: Buffer.from(linesOf(lines)) },
    ]);
    lines = [];
  }
  for (const alert of syntheticAlerts(KILLED_ALERTS)) {
    await bus.publish([{ topic: TOPICS.alerts, key: alert.alertId, value: Buffer.from(JSON.stringify(alert)) }]);
  }
  const warehouse = await openWarehouse({ kind: 'http', url });
  const metrics = createMetrics();
  const running = await startRecorder({ bus, warehouse, log: createLog('recorder', 'error'), metrics });
  process.stdout.write('started\n');
  const poll = setInterval(() => {
    const left =
      bus.uncommitted('vigil-recorder', TOPICS.events) + bus.uncommitted('vigil-recorder-alerts', TOPICS.alerts);
    if (left > 0) return;
    clearInterval(poll);
    process.stdout.write('done\n');
    void running.stop().then(() => process.exit(0));
  }, 20);
}
