#!/usr/bin/env node
/** The `vigil` command: one line per subcommand, each in its own file. */
import '../platform/process/supervised.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { packageRoot } from '../platform/files/package-root.ts';
import { UsageError, readArguments } from './usage.ts';

interface Command {
  readonly summary: string;
  readonly run: (args: readonly string[]) => Promise<void>;
}

/** A role reads its settings from the environment only. */
function role(start: () => Promise<void>): Command['run'] {
  return async (args) => {
    readArguments(args, {}, ROLE_HELP, 0);
    await start();
  };
}

const ROLE_HELP = `Usage: vigil <collector|detector|recorder|audit|warehouse>

Runs this role alone until it is stopped. Settings come from VIGIL_… environment variables: docs/reference/configuration.md`;

const COMMANDS: Readonly<Record<string, Command>> = {
  up: {
    summary: 'run everything on this machine, on embedded parts',
    run: async (args) => (await import('./up.ts')).up(args),
  },
  collector: {
    summary: 'run the collector (OTLP in, events out)',
    run: role(async () => (await import('../roles/collector.ts')).runCollector()),
  },
  detector: {
    summary: 'run the detector (events in, alerts out)',
    run: role(async () => (await import('../roles/detector.ts')).runDetector()),
  },
  recorder: {
    summary: 'run the recorder (topics to ClickHouse)',
    run: role(async () => (await import('../roles/recorder.ts')).runRecorder()),
  },
  audit: {
    summary: 'run the audit API and the page',
    run: role(async () => (await import('../roles/audit.ts')).runAudit()),
  },
  warehouse: {
    summary: 'run recorder and audit API in one process, as the embedded engine needs',
    run: role(async () => (await import('../roles/warehouse.ts')).runWarehouse()),
  },
  backtest: {
    summary: 'run detections over recorded OTLP requests, without any server',
    run: async (args) => (await import('./backtest.ts')).backtest(args),
  },
  detections: {
    summary: 'test or list the detections',
    run: async (args) => (await import('./detections.ts')).detections(args),
  },
  tokens: {
    summary: 'manage who may send and read: create, list, rotate and revoke credentials',
    run: async (args) => (await import('./tokens.ts')).tokens(args),
  },
  rejects: {
    summary: 'list, show and replay input that the collector rejected',
    run: async (args) => (await import('./rejects.ts')).rejects(args),
  },
  simulate: {
    summary: 'generate the telemetry of a simulated team, for demonstrations and load tests',
    run: async (args) => (await import('./simulate.ts')).simulate(args),
  },
  verify: {
    summary: 'check that every record that was received is accounted for',
    run: async (args) => (await import('./verify-ledger.ts')).verify(args),
  },
  doctor: {
    summary: 'show which agents were seen, what they omit, and what is broken',
    run: async (args) => (await import('./doctor.ts')).doctor(args),
  },
  setup: {
    summary: 'print what to write in an agent’s configuration, or write the files for device management',
    run: async (args) => (await import('./setup.ts')).setup(args),
  },
  demo: { summary: 'remove the demo’s data', run: async (args) => (await import('./demo/remove.ts')).demo(args) },
};

const USAGE = `Usage: vigil <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`)
  .join('\n')}

Every command takes --help; --version prints the version. Settings come from VIGIL_… environment variables: docs/reference/configuration.md`;

async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(USAGE);
    return;
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    console.log(version());
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}\n\n${USAGE}`);
  await command.run(args);
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}

main().catch((error: unknown) => {
  const expected = error instanceof UsageError || error instanceof ShellError;
  console.error(
    `vigil: ${expected ? messageOf(error) : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
});
