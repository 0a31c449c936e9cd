import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';

const folder = mkdtempSync(join(tmpdir(), 'vigil-bus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REGISTER = new URL('../../test/support/clickhouse/clickhouse-register.mjs', import.meta.url).href;
const INDEX = new URL('./index.ts', import.meta.url).href;
const LOG = new URL('../log.ts', import.meta.url).href;

/** Returns what a process has loaded after it opened and closed a bus: package files and native libraries. */
async function loadedWith(brokers: string): Promise<string> {
  const program = `
    import { createRequire } from 'node:module';
    import { createBus } from ${JSON.stringify(INDEX)};
    import { silentLog } from ${JSON.stringify(LOG)};
    const bus = await createBus({ config: { VIGIL_KAFKA_BROKERS: ${brokers}, VIGIL_KAFKA_TLS: false, VIGIL_ALLOW_PLAINTEXT: false }, clientId: 'test', log: silentLog, embeddedPath: ${JSON.stringify(join(folder, 'log'))} });
    await bus.close();
    const files = Object.keys(createRequire(import.meta.url).cache);
    console.log([...files, ...process.report.getReport().sharedObjects].join('\\n'));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    REGISTER,
    '--input-type=module',
    '-e',
    program,
  ]);
  return stdout;
}

describe('createBus', () => {
  it('opens the embedded log when no brokers are configured, without loading the Kafka client', async () => {
    const loaded = await loadedWith('undefined');
    expect(loaded).toMatch(/lmdb/);
    expect(loaded).not.toMatch(/kafkajs/);
  });

  it('uses Kafka when brokers are configured, without loading LMDB', async () => {
    const loaded = await loadedWith("['127.0.0.1:1']");
    expect(loaded).toMatch(/kafkajs/);
    expect(loaded).not.toMatch(/lmdb/);
  });
});
