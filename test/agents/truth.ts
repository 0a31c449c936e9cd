/** What the runners of the real agents say happened, and how a session in Vigil is held against it. */
import { z } from 'zod';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';

const Command = z.object({
  command: z.string(),
  exit: z.int().nullish(),
  status: z.string().optional(),
  ok: z.boolean().optional(),
});

export const CodexTruth = z.object({
  scenario: z.string(),
  conversationId: z.string(),
  commands: z.array(Command),
  fileChanges: z.array(
    z.object({ path: z.string(), kind: z.union([z.string(), z.object({ type: z.string() })]), status: z.string() }),
  ),
  approvals: z.array(z.object({ decision: z.string(), command: z.string().optional() })).default([]),
  workspace: z.string(),
});
export type CodexTruth = z.infer<typeof CodexTruth>;

export const ClaudeTruth = z.object({
  scenario: z.string(),
  sessionId: z.string(),
  commands: z.array(Command),
  fileChanges: z.array(z.object({ path: z.string(), kind: z.string() })),
  tools: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      decision: z.enum(['accept', 'reject', 'none']),
      ok: z.boolean().nullable(),
    }),
  ),
});
export type ClaudeTruth = z.infer<typeof ClaudeTruth>;

const SHELL_PREFIX = '/bin/bash -lc ';

/** Codex prints `/bin/bash -lc 'the line'`, quoted as a shell would; this is the line itself. */
export function lineOf(printed: string): string {
  if (!printed.startsWith(SHELL_PREFIX)) return printed;
  const word = printed.slice(SHELL_PREFIX.length);
  let out = '';
  let quote = '';
  for (let index = 0; index < word.length; index += 1) {
    const char = word[index] ?? '';
    if (quote === '') {
      if (char === "'" || char === '"') quote = char;
      else if (char === '\\') out += word[(index += 1)] ?? '';
      else out += char;
    } else if (char === quote) quote = '';
    else if (quote === '"' && char === '\\' && '$`"\\\n'.includes(word[index + 1] ?? ' '))
      out += word[(index += 1)] ?? '';
    else out += char;
  }
  return out;
}

/** Differences, in words; none when the session tells exactly what happened. */
export type Differences = readonly string[];

/** What a scenario's script asks of the agent: its shell lines, its patches as text, and the network policy it sets. */
export interface Asked {
  readonly lines: ReadonlySet<string>;
  readonly patches: string;
  /** Hosts that the policy names, with what it says of each; undefined where the scenario switches no policy on. */
  readonly networkPolicy?: ReadonlyMap<string, 'allow' | 'deny'>;
}

const DOMAIN = /^"([^"]+)" = "(allow|deny)"$/gm;

/** The domains of a `[permissions.….network.domains]` table in the TOML that a scenario writes for Codex. */
export function networkPolicyOf(toml: string): Asked['networkPolicy'] {
  const [, table] = toml.split(/^\[permissions\.[^\]]*\.network\.domains\]$/m);
  if (table === undefined) return undefined;
  return new Map([...table.matchAll(DOMAIN)].map(([, host = '', verdict]) => [host, verdict as 'allow' | 'deny']));
}

/**
 * @param asked every shell line and patched file of the scenario's script: everything that Vigil shows must be one of them
 */
export function compareCodex(truth: CodexTruth, asked: Asked, events: readonly AgentEvent[]): Differences {
  const differences: string[] = [];
  const shown = events.filter((event) => event.category === 'command' && event.action === 'run');
  for (const event of shown)
    if (!asked.lines.has(event.commandLine ?? ''))
      differences.push(`invented command: ${event.commandLine ?? '(none)'}`);
  const left = [...shown];
  for (const { command, exit, status } of truth.commands) {
    const line = lineOf(command);
    const index = left.findIndex((event) => event.commandLine === line);
    const event = left[index];
    if (event === undefined) {
      differences.push(`missing command: ${line}`);
      continue;
    }
    left.splice(index, 1);
    const expected = status === 'declined' ? 'denied' : exit === 0 ? 'success' : 'failure';
    // The runner prints -1 for a command that the network policy stopped before it could exit.
    const stopped = exit === -1;
    if (!stopped && event.outcome !== expected)
      differences.push(`${line}: outcome ${event.outcome}, expected ${expected}`);
    if (stopped && event.outcome !== 'denied' && event.outcome !== 'failure')
      differences.push(`${line}: outcome ${event.outcome}, though it was stopped`);
    const exitCode = stopped || exit === null ? undefined : exit;
    if (event.exitCode !== exitCode)
      differences.push(`${line}: exit code ${event.exitCode ?? 'none'}, expected ${exitCode ?? 'none'}`);
  }
  // What the CLI's own list leaves out it refused or stopped; such a line must not look as if it had simply run.
  // The commands of a sub-agent are in a session of its own, which the list does not cover.
  for (const event of left)
    if (event.outcome === 'success' && event.sessionId === truth.conversationId)
      differences.push(`${event.commandLine ?? ''}: shown as success, but the CLI does not list it`);
  differences.push(
    ...compareFiles(
      truth.fileChanges.map(({ path, kind, status }) => ({
        path,
        operation: OPERATIONS[typeof kind === 'string' ? kind : kind.type] ?? '?',
        denied: status === 'declined',
      })),
      truth,
      asked,
      events,
    ),
  );
  differences.push(...compareNetwork(asked, events));
  const people = events
    .filter((event) => event.category === 'approval' && event.decisionSource === 'user')
    .map((event) => event.decision);
  const answered = truth.approvals.map(({ decision }) => (decision.startsWith('accept') ? 'approved' : 'denied'));
  if (people.toSorted().join() !== answered.toSorted().join())
    differences.push(`approvals by a person: ${people.join() || 'none'}, expected ${answered.join() || 'none'}`);
  return differences;
}

const URL_IN_LINE = /https?:\/\/[^\s'"|]+/g;

/** Under a policy each URL that the script's lines ask for is decided on once: what the policy does not allow is denied. */
function compareNetwork({ lines, networkPolicy }: Asked, events: readonly AgentEvent[]): string[] {
  const shown = events
    .filter((event) => event.category === 'network' && event.derivedFrom === undefined)
    .map(({ networkHost, networkPort, decision }) => `${decision ?? '?'} ${networkHost ?? '?'}:${networkPort ?? '?'}`);
  const expected =
    networkPolicy === undefined
      ? []
      : [...lines]
          .flatMap((line) => line.match(URL_IN_LINE) ?? [])
          .map((text) => new URL(text))
          .map(({ hostname, port, protocol }) => {
            const decision = networkPolicy.get(hostname) === 'allow' ? 'approved' : 'denied';
            return `${decision} ${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
          });
  return difference(shown, expected, 'network decision');
}

const OPERATIONS: Readonly<Record<string, string>> = {
  add: 'create',
  create: 'create',
  update: 'update',
  delete: 'delete',
};

interface FileChange {
  readonly path: string;
  readonly operation: string;
  readonly denied: boolean;
}

function compareFiles(
  changes: readonly FileChange[],
  { workspace }: CodexTruth,
  { patches }: Asked,
  events: readonly AgentEvent[],
): string[] {
  const absolute = (path: string): string => (path.startsWith('/') ? path : `${workspace}/${path}`);
  const listed = new Set(changes.map(({ path }) => path));
  const word = ({ path, operation, denied }: FileChange): string => `${operation} ${path}${denied ? ' (denied)' : ''}`;
  const shown = events
    .filter(
      (event) =>
        event.category === 'file' &&
        // The CLI lists what its own tools changed.
        event.derivedFrom === undefined &&
        event.fileOperation !== 'read' &&
        event.fileOperation !== 'search' &&
        event.outcome !== 'failure',
    )
    // The CLI's list leaves out a patch that was refused before it was tried; the script must have asked for it then.
    .filter(
      ({ outcome, filePath = '' }) =>
        outcome !== 'denied' || listed.has(absolute(filePath)) || !patches.includes(filePath),
    )
    .map((event) =>
      word({
        path: absolute(event.filePath ?? ''),
        operation: event.fileOperation ?? '?',
        denied: event.outcome === 'denied',
      }),
    );
  return difference(shown, changes.map(word), 'file change');
}

/**
 * @param script the scenario's script as JSON: a hook in it may replace a command, and then the replacement is what ran and
 * what the agent exports
 */
export function compareClaude(truth: ClaudeTruth, script: string, events: readonly AgentEvent[]): Differences {
  const differences: string[] = [];
  const ran = events.filter((event) => event.category === 'command' && event.action === 'run');
  const outcome = (ok: boolean | undefined): string => (ok === true ? 'success' : 'failure');
  const monitored = new Set(truth.tools.filter(({ name }) => name === 'Monitor').map(({ id }) => id));
  const shown = ran.filter((event) => !monitored.has(event.callId ?? ''));
  // Without OTEL_LOG_TOOL_DETAILS the agent tells that commands ran and how they ended, but not which.
  const withoutLines = shown.length > 0 && shown.every((event) => event.commandLine === undefined);
  // A process that is killed has reported that a call was allowed, and not that it ended.
  const unfinished = new Set(
    events
      .filter(
        ({ category, decision, callId }) =>
          category === 'approval' && decision === 'approved' && !ran.some((event) => event.callId === callId),
      )
      .map(({ commandLine }) => commandLine),
  );
  const left = [...shown];
  for (const { command, ok } of truth.commands) {
    // The agent may be asked to run an empty line, and an empty field is an absent one.
    const same = left.findIndex(
      (event) => event.outcome === outcome(ok) && (withoutLines || (event.commandLine ?? '') === command),
    );
    const replaced = left.findIndex(
      (event) =>
        event.outcome === outcome(ok) && script.includes('updatedInput') && script.includes(event.commandLine ?? '?'),
    );
    const index = same >= 0 ? same : replaced;
    if (index >= 0) left.splice(index, 1);
    else if (ok === true || !unfinished.has(command)) differences.push(`missing command: ${outcome(ok)}: ${command}`);
  }
  for (const event of left) differences.push(`invented command: ${event.outcome}: ${event.commandLine ?? ''}`);
  for (const event of ran)
    if (event.exitCode !== undefined)
      differences.push(`${event.commandLine ?? ''}: exit code ${event.exitCode}, which Claude Code does not tell`);
  const changes = events.filter(
    (event) =>
      event.category === 'file' &&
      event.derivedFrom === undefined &&
      ['create', 'update'].includes(event.fileOperation ?? '') &&
      event.outcome === 'success',
  );
  // A Write tells whether it made or replaced a file to the person, not in its telemetry.
  differences.push(
    ...difference(
      changes.map((event) => event.filePath ?? (withoutLines ? 'a file' : '')),
      truth.fileChanges.map(({ path }) => (withoutLines ? 'a file' : path)),
      'file change',
    ),
  );
  const decided = new Map(
    events
      .filter((event) => event.category === 'approval' && event.action === 'decide')
      .map((event) => [event.callId, event.decision]),
  );
  for (const { id, name, decision } of truth.tools) {
    const expected = decision === 'accept' ? 'approved' : decision === 'reject' ? 'denied' : undefined;
    if (
      expected !== undefined &&
      decided.get(id) !== expected &&
      !(name === 'Agent' && decided.get(id) === 'approved')
    ) {
      differences.push(`${name} ${id}: decision ${decided.get(id) ?? 'none'}, expected ${expected}`);
    }
    if (expected === undefined && decided.has(id))
      differences.push(`${name} ${id}: decision ${decided.get(id) ?? ''}, though the call never got to one`);
  }
  // A refused fetch exports no URL, so it is an approval event alone.
  differences.push(
    ...difference(
      events
        .filter((event) => event.category === 'network' && event.derivedFrom === undefined)
        .map((event) => `${event.callId ?? '?'} ${event.outcome}`),
      truth.tools
        .filter(({ name, decision }) => name === 'WebFetch' && decision === 'accept')
        .map(({ id, ok }) => `${id} ${outcome(ok ?? undefined)}`),
      'fetch',
    ),
  );
  const known = new Set(truth.tools.map(({ id }) => id));
  for (const callId of decided.keys())
    if (callId !== undefined && !known.has(callId)) differences.push(`invented decision for ${callId}`);
  return differences;
}

/** Multiset difference of two lists of words. */
function difference(shown: readonly string[], expected: readonly string[], what: string): string[] {
  const left = [...shown];
  const missing: string[] = [];
  for (const word of expected) {
    const index = left.indexOf(word);
    if (index < 0) missing.push(`missing ${what}: ${word}`);
    else left.splice(index, 1);
  }
  return [...missing, ...left.map((word) => `invented ${what}: ${word}`)];
}
