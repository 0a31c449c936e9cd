/**
 * `npm run bench:commands`: measures the cost of parsing command lines and of deriving events from them, and compares
 * the parser with a second one. It uses the lines of the captures or of recorded sessions.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { effectsOf } from '../shell/effects/effects.ts';
import { parseCommandLine } from '../shell/parse.ts';
import { type IntakeDeps, acceptRequest } from '../collector/intake/intake.ts';
import { mappingFor } from '../agents/index.ts';
import type { EventDraft } from '../agents/mapping/mapping.ts';
import type { LogRecord } from '../schemas/otlp/record.ts';
import { readJson } from '../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../collector/otlp/protobuf/read-protobuf.ts';
import { createSessionActors } from '../collector/intake/session-actors.ts';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import type { AgentEvent } from '../schemas/records/agent-event.ts';
import { CAPTURED_AGENTS, capturedRequests } from '../test/support/telemetry/captures.ts';
import { result } from './support/measure.ts';
import { agree, otherCommands, ourCommands } from './second-parser.ts';

export interface CommandLinesOptions {
  /**
   * A file or folder of JSON lines, each with the command in `cmd` or `commandLine`; by default the captures' lines.
   */
  readonly path: string | undefined;
  /** How many lines that the two parsers read differently are printed. */
  readonly show: number;
}

export function benchCommandLines({ path, show }: CommandLinesOptions): void {
  const lines = path === undefined ? capturedLines() : recordedLines(path);
  result('commands.lines', lines.length, 'lines');
  if (lines.length === 0) return;
  measureParts(lines);
  measureIntake(lines);
  compare(lines, show);
}

/** Measures parser and effects, each line once. */
function measureParts(lines: readonly string[]): void {
  const parsing: number[] = [];
  const deriving: number[] = [];
  const kinds = new Map<string, number>();
  let complete = 0;
  let surplus = 0;
  for (const line of lines) {
    const started = performance.now();
    const parsed = parseCommandLine(line);
    const read = performance.now();
    const found = effectsOf(parsed);
    deriving.push((performance.now() - read) * 1000);
    parsing.push((read - started) * 1000);
    if (parsed.parse === 'complete') complete += 1;
    surplus += found.surplus;
    for (const effect of found.effects) {
      const kind = effect.kind === 'file' ? `file_${effect.operation}` : 'network';
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  result('commands.parsed_whole', complete, 'lines');
  result('commands.parsed_in_part', lines.length - complete, 'lines');
  for (const [kind, n] of [...kinds].sort()) result(`commands.derived_${kind}`, n, 'events');
  result('commands.derived_left_out', surplus, 'events');
  quantiles('commands.parse', parsing);
  quantiles('commands.effects', deriving);
}

/**
 * Measures the whole intake per record. The same lines run as executed and as denied commands in turn: nothing is
 * derived from a denied command, and all else is equal. Reports the median of the rounds' differences.
 */
function measureIntake(lines: readonly string[]): void {
  const rounds = 9;
  const requests = { run: requestOf(lines, 'success'), refused: requestOf(lines, 'denied') };
  const differences: number[] = [];
  const all: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const run = timed(requests.run);
    const refused = timed(requests.refused);
    // The first round is a warm-up.
    if (round < 0) continue;
    differences.push(((run - refused) * 1000) / lines.length);
    all.push((run * 1000) / lines.length);
  }
  result('commands.intake_with_derivation', at(all, 0.5), 'us/command');
  result('commands.intake_of_derivation', at(differences, 0.5), 'us/command');
}

function timed(request: () => void): number {
  const started = performance.now();
  request();
  return performance.now() - started;
}

function requestOf(lines: readonly string[], outcome: AgentEvent['outcome']): () => void {
  const resource = { attributes: [], bytes: Buffer.from('resource') };
  const scope = { name: 'bench', version: '' };
  const records = lines.map((line): [LogRecord, EventDraft] => [
    {
      signal: 'log',
      resource,
      scope,
      name: '',
      bytes: Buffer.from(line),
      peek: () => undefined,
      attributes: [],
      timeUnixNano: undefined,
      observedTimeUnixNano: undefined,
      severityNumber: 9,
      body: null,
      traceId: undefined,
      spanId: undefined,
    },
    {
      agentName: 'bench',
      sessionId: 'one',
      callId: 'call',
      cwd: '/srv/app',
      host: 'host',
      time: 1,
      category: 'command',
      action: 'run',
      outcome,
      commandLine: line,
      toolName: 'shell',
      signal: 'log',
      scope: 'bench',
      mapping: 'bench@1',
      attributes: {},
    },
  ]);
  const drafts = new Map(records);
  const deps: IntakeDeps = {
    read: (_signal, _body, onRecord) => {
      for (const [record] of records) onRecord(record);
      return records.length;
    },
    mappingFor: () => ({
      id: 'bench@1',
      matches: () => true,
      map: (record) => {
        const draft = drafts.get(record as LogRecord);
        return { kind: 'events', events: draft === undefined ? [] : [draft], identity: { user: 'ann' } };
      },
    }),
    hash128: hashParts,
    sha256,
    actors: createSessionActors('bench', hash128),
    isKnown: () => false,
  };
  return () => {
    const { rejected } = acceptRequest(deps, {
      tenant: 'bench',
      sender: 'bench',
      signal: 'logs',
      body: new Uint8Array(),
      receivedAt: 2,
    });
    if (rejected.size > 0) throw new Error(`the intake rejected lines: ${[...rejected.keys()].join(', ')}`);
  };
}

/** Runs both parsers on the lines that both accept as complete POSIX shell. */
function compare(lines: readonly string[], show: number): void {
  const different: string[] = [];
  const times: number[] = [];
  let both = 0;
  let onlyOurs = 0;
  let onlyOther = 0;
  for (const line of lines) {
    if (parseCommandLine(line).shell !== 'posix') continue;
    const ours = ourCommands(line);
    const started = performance.now();
    const other = otherCommands(line);
    times.push((performance.now() - started) * 1000);
    if (ours.isComplete && other.isComplete) {
      both += 1;
      if (!agree(ours, other)) different.push(line);
    } else if (ours.isComplete) onlyOurs += 1;
    else if (other.isComplete) onlyOther += 1;
  }
  result('commands.read_by_both', both, 'lines');
  result('commands.read_differently', different.length, 'lines');
  result('commands.read_by_ours_only', onlyOurs, 'lines');
  result('commands.read_by_the_second_only', onlyOther, 'lines');
  quantiles('commands.second_parser', times);
  for (const line of different.slice(0, show)) {
    const [ours, other] = [ourCommands(line), otherCommands(line)];
    console.log(JSON.stringify({ line, ours: ours.commands, other: other.commands }));
  }
}

function quantiles(name: string, microseconds: number[]): void {
  result(`${name}_p50`, at(microseconds, 0.5), 'us/command');
  result(`${name}_p99`, at(microseconds, 0.99), 'us/command');
}

function at(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? NaN;
}

function recordedLines(path: string): readonly string[] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.(?:jsonl|ndjson)$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path];
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((text) => {
        if (text.trim() === '') return [];
        const record = JSON.parse(text) as { readonly cmd?: unknown; readonly commandLine?: unknown };
        const line = record.cmd ?? record.commandLine;
        return typeof line === 'string' && line !== '' ? [line.toWellFormed()] : [];
      }),
  );
}

function capturedLines(): readonly string[] {
  return CAPTURED_AGENTS.flatMap(capturedRequests).flatMap(({ signal, contentType, body }) =>
    acceptRequest(
      {
        read: contentType === 'application/json' ? readJson : readProtobuf,
        mappingFor,
        hash128: hashParts,
        sha256,
        actors: createSessionActors('bench', hash128),
        isKnown: () => false,
      },
      { tenant: 'bench', sender: 'bench', signal, body, receivedAt: 'time of the record' },
    ).messages.flatMap(({ lines }) =>
      lines.split('\n').flatMap((line) => (JSON.parse(line) as AgentEvent).commandLine ?? []),
    ),
  );
}
