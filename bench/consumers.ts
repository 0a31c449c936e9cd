/** `npm run bench:consumers`: measures the detector and the recorder on an existing log, each alone. */
import { until } from '../test/support/until.ts';
import { join } from 'node:path';
import { freePort, run } from '../test/support/vigil.ts';
import { capturedBodies } from './support/bodies.ts';
import { anonymousMiB, cpuSeconds, load, result } from './support/measure.ts';
import { pidOf, startCollector } from './support/roles.ts';

const CONNECTIONS = 16;

/** @param folder contains a collector's log in `embedded`; if it has none, `requests` captured requests create it */
export async function benchConsumers(folder: string, requests: number | undefined): Promise<void> {
  if (requests !== undefined) {
    const filled = await startCollector(folder, 'embedded');
    await load(filled.url, capturedBodies({ signals: ['logs', 'traces'] }), requests, CONNECTIONS);
    await until('everything has been published', async () => (await filled.waiting()) === 0, 300_000);
    filled.process.child.kill('SIGTERM');
    await filled.process.ended();
  }
  const eventsInLog = await (async () => {
    const again = await startCollector(folder, 'embedded');
    const text = await (await fetch(`${again.url}/metrics`)).text();
    again.process.child.kill('SIGTERM');
    await again.process.ended();
    return [...text.matchAll(/^collector_ledger_events\{[^}]*\} (\d+)$/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  })();
  for (const [role, metric] of [
    ['detector', 'detector_events_total'],
    ['warehouse', 'recorder_rows_total'],
  ] as const) {
    const adminPort = await freePort();
    const httpPort = await freePort();
    const started = run([role], {
      VIGIL_DATA: join(folder, 'embedded'),
      VIGIL_ADMIN_PORT: String(adminPort),
      VIGIL_HTTP_PORT: String(httpPort),
      VIGIL_LOG_LEVEL: 'warn',
    });
    const url = `http://127.0.0.1:${role === 'detector' ? adminPort : httpPort}/metrics`;
    const count = async (): Promise<number> => {
      const text = await fetch(url).then(
        (response) => response.text(),
        () => '',
      );
      return [...text.matchAll(new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce(
        (sum, match) => sum + Number(match[1]),
        0,
      );
    };
    let from = 0;
    let at = 0;
    await until(`the ${role} is running`, async () => {
      from = await count();
      at = performance.now();
      return from > 0;
    });
    const cpu = cpuSeconds(pidOf(started));
    await until(`the ${role} has finished`, async () => (await count()) >= eventsInLog, 600_000);
    const n = (await count()) - from;
    const name = role === 'detector' ? 'detector.events' : 'recorder.rows';
    result(`${name}_per_second`, Math.round((n * 1000) / (performance.now() - at)), '1/s');
    result(`${name}_per_cpu_second`, Math.round(n / (cpuSeconds(pidOf(started)) - cpu)), '1/cpu-s');
    result(`memory.${role}`, anonymousMiB(pidOf(started)), 'MiB');
    started.child.kill('SIGTERM');
    await started.ended();
  }
}
