/** `vigil up`: every role on this machine, as child processes on embedded parts. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, assertSafeListen, dataFolders, readConfig } from '../platform/config.ts';
import { sha256 } from '../platform/hash.ts';
import { createLog } from '../platform/log.ts';
import { lockFor } from '../platform/process-lock.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { type Recipe, recipesFor } from '../schemas/recipes.ts';
import { DEMO_TENANT, playDemo } from './demo/play.ts';
import { packageRoot } from './package-root.ts';
import { supervise } from './supervisor.ts';
import { readArguments } from './usage.ts';

const HELP = `Usage: vigil up [--demo] [--data FOLDER] [--otlp-port N] [--http-port N]

Runs the collector, the detector, the recorder and the audit API with its page on this machine, on loopback.
Data is kept in FOLDER (default: VIGIL_DATA, else ~/.vigil). Ctrl-C ends everything; the next start goes on.

  --demo           also play recorded sessions and a staged incident, under the tenant "demo"
                   (remove them again with: npm run vigil -- demo remove)
  --data FOLDER    where the data lies
  --otlp-port N    port for OTLP/HTTP (default 4318)
  --http-port N    port for the audit API and the page (default 8080)`;

export async function up(args: readonly string[]): Promise<void> {
  const { values } = readArguments(
    args,
    {
      demo: { type: 'boolean' },
      data: { type: 'string' },
      'otlp-port': { type: 'string' },
      'http-port': { type: 'string' },
    },
    HELP,
    0,
  );
  const overrides = {
    ...(values.data === undefined ? {} : { VIGIL_DATA: values.data }),
    ...(values['otlp-port'] === undefined ? {} : { VIGIL_OTLP_PORT: values['otlp-port'] }),
    ...(values['http-port'] === undefined ? {} : { VIGIL_HTTP_PORT: values['http-port'] }),
  };
  const config = readConfig({ VIGIL_LOG_LEVEL: 'warn', ...process.env, ...overrides });
  assertSafeListen(config);
  mkdirData(config);
  const log = createLog('up', config.VIGIL_LOG_LEVEL);
  const lock = lockFor(dataFolders(config).lock, `the data folder ${config.VIGIL_DATA}`);
  const demoToken = values.demo === true ? randomBytes(24).toString('base64url') : undefined;
  // Each play is a sender of its own: what the detector knows of an earlier one, removed or not, is of other actors.
  const demoSender = `demo-${randomBytes(3).toString('hex')}`;
  const environment = {
    VIGIL_LOG_LEVEL: config.VIGIL_LOG_LEVEL,
    ...overrides,
    ...otlpUrlOf(config),
    ...(demoToken === undefined
      ? {}
      : {
          VIGIL_CREDENTIALS: [process.env['VIGIL_CREDENTIALS'], `${sha256(demoToken)}:${DEMO_TENANT}:${demoSender}`]
            .filter(Boolean)
            .join(','),
        }),
  };
  const role = (name: string) => ({
    name,
    script: join(packageRoot, 'dist', 'cli', 'main.js'),
    args: [name],
    environment,
  });

  let stopRequested: (reason: string) => void = () => undefined;
  const stopped = new Promise<string>((resolve) => (stopRequested = resolve));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopRequested(signal));

  try {
    // The collector comes first in the list because it stops first: what it has acknowledged waits in its spool.
    const supervisor = await supervise([role('collector'), role('detector'), role('warehouse')], log);
    try {
      const otlpPort = Number(supervisor.facts.get('collector')?.['port']);
      const httpPort = Number(supervisor.facts.get('warehouse')?.['port']);
      printWelcome(config, otlpPort, httpPort);
      if (demoToken !== undefined) {
        playDemo({
          url: `http://${config.VIGIL_HOST}:${otlpPort}`,
          token: demoToken,
          now: Date.now,
        }).then(
          ({ requests }) =>
            console.log(
              `The demo has been played (${requests} requests): http://${config.VIGIL_HOST}:${httpPort}/alerts?tenant=demo`,
            ),
          (error: unknown) => console.error(`vigil: the demo could not be played: ${messageOf(error)}`),
        );
      }
      await stopped;
      console.log('\nStopping …');
    } finally {
      await supervisor.stop();
    }
  } finally {
    lock.release();
  }
  process.exit(0);
}

function mkdirData(config: Config): void {
  try {
    mkdirSync(config.VIGIL_DATA, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ShellError('UNWRITABLE', `cannot write the data folder ${config.VIGIL_DATA}: ${messageOf(error)}`, {
      retryable: false,
      cause: error,
    });
  }
}

/** A port that is still to be taken cannot be told beforehand. */
function otlpUrlOf(config: Config): { readonly VIGIL_OTLP_URL?: string } {
  if (config.VIGIL_OTLP_URL !== undefined) return { VIGIL_OTLP_URL: config.VIGIL_OTLP_URL };
  if (config.VIGIL_OTLP_PORT === 0) return {};
  return { VIGIL_OTLP_URL: `http://${config.VIGIL_HOST}:${config.VIGIL_OTLP_PORT}` };
}

function printWelcome(config: Config, otlpPort: number, httpPort: number): void {
  const otlp = config.VIGIL_OTLP_URL ?? `http://${config.VIGIL_HOST}:${otlpPort}`;
  console.log(`
Vigil is running. Ctrl-C ends it.

  OTLP    ${otlp}
  Page    http://${config.VIGIL_HOST}:${httpPort}
  Data    ${config.VIGIL_DATA}

${recipesFor(otlp).map(paragraphOf).join('\n\n')}
`);
}

const paragraphOf = ({ agent, where, lines }: Recipe): string =>
  `${agent}, in ${where === 'environment' ? 'the environment' : where}:\n\n${lines.map((line) => `  ${line}`).join('\n')}`;
