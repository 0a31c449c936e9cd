/** The `vigil up` that stories share which send under a tenant of their own and read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedService, spawnGuarded } from '../shared-service.ts';
import { until } from '../until.ts';
import { VIGIL, environmentOf, freePort, run } from './vigil.ts';

interface Address {
  readonly otlp: string;
  readonly api: string;
  /** Health and metrics of the detector. */
  readonly admin: string;
  readonly data: string;
}

export interface SharedVigil extends Address {
  /** Creates a sender of this tenant. @returns the headers with which it sends */
  createSender(name: string): Promise<Readonly<Record<string, string>>>;
}

/** @param tenant of the calling test alone */
export async function sharedVigil(tenant: string): Promise<SharedVigil> {
  const vigil = await sharedService<Address>('vigil', start);
  if (vigil === undefined) throw new Error('stories run under Jest’s global setup only');
  const createSender: SharedVigil['createSender'] = async (name) => {
    const made = run(['tokens', 'create', name, '--tenant', tenant, '--json'], { VIGIL_DATA: vigil.data });
    if ((await made.ended()) !== 0) throw new Error(made.output());
    const { token } = JSON.parse(made.output()) as { readonly token: string };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    await until('the collector knows the sender', async () => {
      const { status } = await fetch(`${vigil.otlp}/v1/logs`, { method: 'POST', headers, body: '{}' });
      return status === 200;
    });
    return { authorization: headers.authorization };
  };
  return { ...vigil, createSender };
}

async function start({ folder, owner }: { readonly folder: string; readonly owner: number }) {
  const [otlp, grpc, api, admin] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const data = join(folder, 'data');
  const output = join(folder, 'output');
  const ports = ['--otlp-port', otlp, '--otlp-grpc-port', grpc, '--http-port', api].map(String);
  const guard = spawnGuarded(owner, [process.execPath, VIGIL, 'up', '--data', data, ...ports], {
    env: environmentOf({ VIGIL_LOG_LEVEL: 'error', VIGIL_ADMIN_PORT: String(admin) }),
    output,
  });
  await until('the shared Vigil is ready', () => {
    const written = readFileSync(output, 'utf8');
    if (guard.exitCode !== null) throw new Error(`vigil up ended:\n${written}`);
    return written.includes('Vigil is running');
  });
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return { address: { otlp: at(otlp), api: at(api), admin: at(admin), data }, guard };
}
