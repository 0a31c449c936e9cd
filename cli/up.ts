/** `vigil up`: runs every role on this machine, as child processes on embedded parts. */
import { DEMO_TENANT } from '../roles/forget-demo.ts';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, dataFolders, readConfig, tokensFile } from '../platform/config.ts';
import { openDataKey } from '../platform/data-folder-key.ts';
import { assertFolder } from '../platform/files/folder.ts';
import { sha256 } from '../platform/hash.ts';
import { type Log, createLog } from '../platform/log.ts';
import { lockFor, waitUntilFree } from '../platform/process/process-lock.ts';
import { serveRequests } from '../platform/files/requests-folder.ts';
import { assertSafeToListen, knownUses, needsCredential } from '../access/listening.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import type { Use } from '../access/client.ts';
import { readClients } from '../access/clients-file.ts';
import { recipesFor } from '../agents/index.ts';
import { TOKEN_PLACEHOLDER } from '../schemas/api/placeholders.ts';
import { REMOVE_DEMO, playDemo } from './demo/play.ts';
import { assertRecorded } from './demo/recordings.ts';
import { removeDemo } from './demo/removal.ts';
import { ownCollector, ownOtlpUrl, ownPageUrl } from './own-collector.ts';
import { packageRoot } from '../platform/files/package-root.ts';
import { type RoleSpec, supervise } from './supervisor.ts';
import { recipeText } from './recipe-text.ts';
import { readArguments } from './usage.ts';

/** Longer than a role takes to stop. */
const PREDECESSORS_MS = 6_000;
/** One signal reaches all processes of a group, in any order. */
const SIGNALS_MS = 100;

const HELP = `Usage: vigil up [--demo] [--data FOLDER] [--otlp-port N] [--otlp-grpc-port N] [--http-port N]

Runs the collector, the detector, the recorder and the audit API with its page on this machine, on loopback.
Data is stored in FOLDER (default: VIGIL_DATA, else ~/.vigil). Ctrl-C stops everything; the next start continues.

  --demo              also play recorded sessions and a simulated incident, under the tenant "demo"
                      (remove them again with: npm run vigil -- demo remove)
  --data FOLDER       data folder
  --otlp-port N       port for OTLP/HTTP (default 4318)
  --otlp-grpc-port N  port for OTLP/gRPC (default 4317)
  --http-port N       port for the audit API and the page (default 8080)`;

export async function up(args: readonly string[]): Promise<void> {
  const { values } = readArguments(
    args,
    {
      demo: { type: 'boolean' },
      data: { type: 'string' },
      'otlp-port': { type: 'string' },
      'otlp-grpc-port': { type: 'string' },
      'http-port': { type: 'string' },
    },
    HELP,
    0,
  );
  const overrides = {
    ...(values.data === undefined ? {} : { VIGIL_DATA: values.data }),
    ...(values['otlp-port'] === undefined ? {} : { VIGIL_OTLP_PORT: values['otlp-port'] }),
    ...(values['otlp-grpc-port'] === undefined ? {} : { VIGIL_OTLP_GRPC_PORT: values['otlp-grpc-port'] }),
    ...(values['http-port'] === undefined ? {} : { VIGIL_HTTP_PORT: values['http-port'] }),
  };
  const config = readConfig({ VIGIL_LOG_LEVEL: 'warn', ...process.env, ...overrides });
  assertOwnPorts(config);
  if (values.demo === true) assertPlayable(config);
  const stopping = stopRequests();
  assertUsable(config);
  assertSafe(config);
  const lock = lockFor(dataFolders(config).lock, `the data folder ${config.VIGIL_DATA}`);
  try {
    await Promise.race([predecessorsGone(config), aborted(stopping)]);
    if (!stopping.aborted) await runRoles(config, overrides, values.demo === true, stopping);
  } finally {
    lock.release();
  }
  process.exit(0);
}

/** Checks before the roles start; each role checks again for itself. @throws ShellError UNSAFE_LISTEN, BAD_TOKENS, BAD_CONFIG */
function assertSafe(config: Config): void {
  const isKnown = usesKnownTo(config);
  assertSafeToListen(config, 'collector', isKnown);
  assertSafeToListen(config, 'audit', isKnown);
  if (config.VIGIL_ADMIN_PORT !== undefined) assertSafeToListen(config, 'detector', isKnown);
}

/** @throws ShellError BAD_TOKENS */
function usesKnownTo(config: Config): (use: Use) => boolean {
  const clients = readClients(tokensFile(config));
  return knownUses(config, () => clients);
}

/**
 * Returns a signal that is aborted when everything must stop. Repeated signals are ignored: npm forwards a Ctrl-C that
 * the terminal has already sent, and stopping takes only five seconds at most.
 */
function stopRequests(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Runs until it must stop, which may be before the roles are ready. @throws ShellError ROLE_FAILED */
async function runRoles(
  config: Config,
  overrides: Readonly<Record<string, string>>,
  withDemo: boolean,
  stopping: AbortSignal,
): Promise<void> {
  const log = createLog('up', config.VIGIL_LOG_LEVEL);
  const tokens = { demo: withDemo ? newSecret() : undefined, metrics: newSecret() };
  const environment = {
    VIGIL_LOG_LEVEL: config.VIGIL_LOG_LEVEL,
    ...overrides,
    ...otlpUrlOf(config),
  };
  const script = join(packageRoot, 'dist', 'cli', 'main.js');
  const role = (name: string, own: Readonly<Record<string, string>> = {}): RoleSpec => ({
    name,
    script,
    args: [name],
    environment: { ...environment, ...own },
  });
  const collector = role('collector', { VIGIL_CREDENTIALS: credentialsWith(tokens) });
  // The collector is first in the list because it stops first: what it has acknowledged waits in its spool.
  const supervisor = supervise([collector, role('detector'), role('warehouse')], log);
  try {
    await Promise.race([supervisor.ready, aborted(stopping)]);
    if (!stopping.aborted) {
      const otlpPort = Number(supervisor.facts.get('collector')?.['port']);
      const httpPort = Number(supervisor.facts.get('warehouse')?.['port']);
      const grpcPort = Number(supervisor.facts.get('collector')?.['grpcPort']);
      printWelcome(config, { otlpPort, grpcPort, httpPort });
      await serveUntil(stopping, { config, log, otlpPort, httpPort, tokens });
    }
    console.log('\nStopping …');
  } catch (error) {
    // A role that has not started yet is killed by the signal that stops everything, and its exit may be seen before
    // the signal.
    await Promise.race([aborted(stopping), sleep(SIGNALS_MS)]);
    if (!stopping.aborted) throw error;
  } finally {
    await supervisor.stop();
  }
}

interface Tokens {
  /** Set when the demo must be played. */
  readonly demo: string | undefined;
  /** Token that may read the collector's metrics. */
  readonly metrics: string;
}

const newSecret = (): string => randomBytes(24).toString('base64url');

/**
 * Adds the supervisor's own credentials to the configured ones. Each run of the demo is a sender of its own, so that
 * the detector's state of an earlier run, removed or not, belongs to other actors.
 */
function credentialsWith({ demo, metrics }: Tokens): string {
  const own = [`${sha256(metrics)}:${DEMO_TENANT}:supervisor:metrics`];
  if (demo !== undefined) own.push(`${sha256(demo)}:${DEMO_TENANT}:demo-${randomBytes(3).toString('hex')}`);
  return [process.env['VIGIL_CREDENTIALS'], ...own].filter(Boolean).join(',');
}

interface Served {
  readonly config: Config;
  readonly log: Log;
  readonly otlpPort: number;
  readonly httpPort: number;
  readonly tokens: Tokens;
}

/** Carries out requests of other commands and plays the demo, after the requests that were left before this start. */
async function serveUntil(stopping: AbortSignal, served: Served): Promise<void> {
  const { config, log, otlpPort, tokens } = served;
  const collector = ownCollector(config, otlpPort);
  const requestsFolder = dataFolders(config).requests;
  let play: Play | undefined;
  const stopPlay = async (): Promise<void> => play?.stop();
  const carriers = {
    [REMOVE_DEMO]: removeDemo({ stopPlay, collector, token: tokens.metrics, requestsFolder }),
  };
  const requests = serveRequests(requestsFolder, carriers, log);
  await Promise.race([requests.first, aborted(stopping)]);
  if (tokens.demo !== undefined && !stopping.aborted) play = beginPlay(served, tokens.demo);
  await aborted(stopping);
  await requests.stop();
  await stopPlay();
}

interface Play {
  /** Resolves when nothing more is sent. */
  stop(): Promise<void>;
}

function beginPlay({ config, otlpPort, httpPort }: Served, token: string): Play {
  const ended = new AbortController();
  const collector = ownCollector(config, otlpPort);
  const done = playDemo({ collector, token, now: Date.now, stopping: ended.signal }).then(
    (requests) => {
      if (requests !== undefined)
        console.log(
          `The demo has been played (${requests} requests): ${ownPageUrl(config, httpPort)}/alerts?tenant=${DEMO_TENANT}`,
        );
    },
    (error: unknown) => console.error(`vigil: the demo could not be played: ${messageOf(error)}`),
  );
  return {
    stop: async () => {
      ended.abort();
      await done;
    },
  };
}

/** @throws ShellError BAD_CONFIG; NOT_RECORDED */
function assertPlayable(config: Config): void {
  assertRecorded();
  if (config.VIGIL_TLS_CLIENT_CA !== undefined && config.VIGIL_TLS_CLIENT_CERTIFICATE === 'required')
    throw new ShellError(
      'BAD_CONFIG',
      'the demo has no client certificate, which VIGIL_TLS_CLIENT_CERTIFICATE=required requires',
      {
        retryable: false,
      },
    );
}

const PORTS = ['VIGIL_OTLP_PORT', 'VIGIL_OTLP_GRPC_PORT', 'VIGIL_HTTP_PORT'] as const;

/** @throws ShellError BAD_CONFIG */
function assertOwnPorts(config: Config): void {
  for (const [index, setting] of PORTS.entries()) {
    const other = PORTS.slice(index + 1).find((name) => config[name] === config[setting] && config[name] !== 0);
    if (other === undefined) continue;
    throw new ShellError(
      'BAD_CONFIG',
      `${setting} and ${other} are both ${config[setting]}; they must be two different ports`,
      {
        retryable: false,
      },
    );
  }
}

/** Checks the folders before the roles do, so that there is one error message. @throws ShellError UNWRITABLE */
function assertUsable(config: Config): void {
  const { spool, log, warehouse, requests } = dataFolders(config);
  assertFolder(spool, 'the spool');
  assertFolder(requests, 'the folder of requests');
  if (config.VIGIL_KAFKA_BROKERS === undefined) assertFolder(log, 'the log');
  if (config.VIGIL_CLICKHOUSE_URL === undefined) assertFolder(warehouse, 'the warehouse');
  assertFolder(config.VIGIL_DATA, 'the data folder', { create: true });
  openDataKey(config);
}

/**
 * Waits for the roles of a killed supervisor, which stop by themselves after a moment. @throws ShellError
 * ALREADY_RUNNING
 */
async function predecessorsGone(config: Config): Promise<void> {
  const { spool, spoolLock, warehouse, warehouseLock } = dataFolders(config);
  await waitUntilFree(spoolLock, `the spool ${spool}`, PREDECESSORS_MS);
  await waitUntilFree(warehouseLock, `the warehouse folder ${warehouse}`, PREDECESSORS_MS);
}

/** The address is unknown while the port is not chosen yet. */
function otlpUrlOf(config: Config): { readonly VIGIL_OTLP_URL?: string } {
  if (config.VIGIL_OTLP_URL !== undefined) return { VIGIL_OTLP_URL: config.VIGIL_OTLP_URL };
  if (config.VIGIL_OTLP_PORT === 0) return {};
  return { VIGIL_OTLP_URL: ownOtlpUrl(config, config.VIGIL_OTLP_PORT) };
}

type Ports = Readonly<Record<'otlpPort' | 'grpcPort' | 'httpPort', number>>;

function printWelcome(config: Config, { otlpPort, grpcPort, httpPort }: Ports): void {
  const otlp = config.VIGIL_OTLP_URL ?? ownOtlpUrl(config, otlpPort);
  const page = ownPageUrl(config, httpPort);
  const isNeeded = needsCredential(config, usesKnownTo(config));
  const access = isNeeded
    ? `\n  Access  needs a credential: vigil tokens create NAME prints the ${TOKEN_PLACEHOLDER} for the lines below; see docs/how-to/access.md`
    : '';
  console.log(`
Vigil is running. Ctrl-C stops it.

  OTLP    ${otlp} (HTTP), ${ownOtlpUrl(config, grpcPort)} (gRPC)
  Page    ${page}
  Data    ${config.VIGIL_DATA}${access}

${recipesFor({ endpoint: otlp, credential: isNeeded ? TOKEN_PLACEHOLDER : undefined })
  .map(recipeText)
  .join('\n\n')}
`);
}
