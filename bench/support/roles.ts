/** Single roles as processes, for the benches. */
import { until } from '../../test/support/until.ts';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Process, freePort, run } from '../../test/support/vigil.ts';

export const pidOf = (process: Process | ChildProcess): number =>
  ('child' in process ? process.child.pid : process.pid) ?? 0;

export async function startCollector(
  folder: string,
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; readonly process: Process; readonly waiting: () => Promise<number> }> {
  const port = await freePort();
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  const process = run(['collector'], {
    VIGIL_DATA: data,
    VIGIL_OTLP_PORT: String(port),
    VIGIL_OTLP_GRPC_PORT: '0',
    VIGIL_LOG_LEVEL: 'warn',
    ...environment,
  });
  const url = `http://127.0.0.1:${port}`;
  const metrics = (): Promise<string> =>
    fetch(`${url}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
  await until(`${name} is ready`, async () => (await metrics()) !== '');
  const waiting = async (): Promise<number> =>
    [...(await metrics()).matchAll(/^collector_ledger_records\{[^}]*state="waiting"[^}]*\} (\d+)/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  return { url, process, waiting };
}
