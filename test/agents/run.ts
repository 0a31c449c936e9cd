/**
 * `npm run test:agents -- --runners DIR [--agent codex|claude] [--scenario NAME]… [--protocol json|binary|grpc]… [--kafka]`: the real Codex CLI
 * and Claude Code run against a mock model and export to a real Vigil; each session that the audit API shows is held
 * against what the CLI itself says it did. DIR holds the runners `codex-e2e/run.mjs` and `claude-e2e/run.mjs`: programs
 * that take `--otlp URL --scenario NAME --protocol P` and print one line of JSON (see `truth.ts`).
 */
import { until } from '../support/until.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { SessionSummary } from '../../schemas/api/sessions.ts';
import { listAll } from '../support/vigil.ts';
import { startPipeline } from '../support/pipeline.ts';
import {
  ClaudeTruth,
  CodexTruth,
  type Asked,
  type Differences,
  compareClaude,
  compareCodex,
  networkPolicyOf,
} from './truth.ts';

const { values } = parseArgs({
  options: {
    runners: { type: 'string' },
    agent: { type: 'string', multiple: true, default: ['codex', 'claude'] },
    scenario: { type: 'string', multiple: true },
    protocol: { type: 'string', multiple: true, default: ['json', 'binary', 'grpc'] },
    kafka: { type: 'boolean', default: false },
  },
});
if (values.runners === undefined) {
  console.error('test:agents: skipped, because --runners DIR does not say where the agents’ runners are');
  process.exit(process.env['VIGIL_REQUIRE_ALL'] === '1' ? 1 : 0);
}
const runners = resolve(values.runners);

interface Script {
  readonly [key: string]: unknown;
  readonly note?: string;
}

/** What a scenario's script asks of the agent, its placeholders filled with the runner's own values. */
function askedBy(script: unknown, truth: CodexTruth & Record<string, unknown>, port: string): Asked {
  const outside = typeof truth['outside'] === 'string' ? truth['outside'] : '';
  const home = typeof truth['home'] === 'string' ? truth['home'] : '';
  const lines = new Set<string>();
  let patches = '';
  const fill = (text: string): string =>
    text
      .replaceAll('{{WS}}', truth.workspace)
      .replaceAll('{{OUT}}', outside)
      .replaceAll('{{HOME}}', home)
      .replaceAll('{{PORT}}', port);
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) walk(item);
    else if (typeof node === 'object' && node !== null) {
      for (const [key, value] of Object.entries(node)) {
        if (key === 'shell' && typeof value === 'string') lines.add(fill(value));
        else if (key === 'patch' && typeof value === 'string') patches += fill(value);
        else if (key === 'input' && typeof value === 'string')
          for (const match of value.matchAll(/cmd:\s*'([^']*)'/g)) lines.add(fill(match[1] ?? ''));
        else walk(value);
      }
    }
  };
  walk(script);
  const { tables } = (script as { codex?: { tables?: string } }).codex ?? {};
  const networkPolicy = tables === undefined ? undefined : networkPolicyOf(tables);
  return { lines, patches, ...(networkPolicy === undefined ? {} : { networkPolicy }) };
}

async function runAgent(runner: string, args: readonly string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [runner, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await once(child, 'close');
  const line = output.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`the runner printed no result: ${errors.slice(-500)}`);
  return JSON.parse(line) as Record<string, unknown>;
}

const data = mkdtempSync(join(tmpdir(), 'vigil-agents-'));
const vigil = await startPipeline(data, { kafka: values.kafka });

/** All events of a session and of those it started, once nothing is on its way any more. */
async function eventsOf(sessionId: string): Promise<AgentEvent[]> {
  let before = -1;
  let events: AgentEvent[] = [];
  await until(`the events of ${sessionId} have settled`, async () => {
    await new Promise((done) => setTimeout(done, 700));
    const sessions = await listAll<SessionSummary>(vigil.api, '/v1/sessions?from=0');
    const family = sessions.filter(
      (session) => session.sessionId === sessionId || session.parentSessionId === sessionId,
    );
    events = (
      await Promise.all(
        family.map((session) =>
          listAll<AgentEvent>(vigil.api, `/v1/events?from=0&sessionId=${encodeURIComponent(session.sessionId)}`),
        ),
      )
    ).flat();
    const settled = events.length > 0 && events.length === before;
    before = events.length;
    return settled;
  });
  return events;
}

/** The runner of the Codex CLI offers OTLP/HTTP alone. */
const offers = (agent: string, protocol: string): boolean => agent === 'claude' || protocol !== 'grpc';

let failures = 0;
let runs = 0;
const report = (name: string, differences: Differences): void => {
  runs += 1;
  console.log(`${differences.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const difference of differences) console.log(`       ${difference}`);
  if (differences.length > 0) failures += 1;
};

for (const agent of values.agent) {
  const folder = join(runners, `${agent}-e2e`);
  const { scenarios } = (await import(pathToFileURL(join(folder, 'scenarios.mjs')).href)) as {
    scenarios: Record<string, Script>;
  };
  for (const scenario of values.scenario ?? Object.keys(scenarios)) {
    if (scenarios[scenario] === undefined) continue;
    for (const protocol of values.protocol.filter((each) => offers(agent, each))) {
      const name = `${agent} ${scenario} ${protocol}`;
      try {
        const printed = await runAgent(join(folder, 'run.mjs'), [
          '--otlp',
          protocol === 'grpc' ? vigil.grpc : vigil.otlp,
          '--scenario',
          scenario,
          '--protocol',
          protocol,
        ]);
        if (agent === 'codex') {
          const truth = CodexTruth.parse(printed);
          const events = await eventsOf(truth.conversationId);
          const port = /127\.0\.0\.1:(\d+)|localhost:(\d+)/.exec(
            truth.commands.map(({ command }) => command).join('\n'),
          );
          report(
            name,
            compareCodex(
              truth,
              askedBy(scenarios[scenario], { ...truth, ...printed }, port?.[1] ?? port?.[2] ?? ''),
              events,
            ),
          );
        } else {
          const truth = ClaudeTruth.parse(printed);
          report(name, compareClaude(truth, JSON.stringify(scenarios[scenario]), await eventsOf(truth.sessionId)));
        }
      } catch (error) {
        report(name, [error instanceof Error ? error.message : String(error)]);
      }
    }
  }
}
await vigil.stop();
rmSync(data, { recursive: true, force: true });
console.log(`${runs} runs, ${failures} with differences`);
process.exit(failures > 0 || runs === 0 ? 1 : 0);
