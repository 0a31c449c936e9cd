/** `vigil simulate`: sends a simulated team's telemetry to a collector or writes it to standard output. */
import { writeFileSync } from 'node:fs';
import { INCIDENT_KINDS, INCIDENTS, type IncidentKind } from '../instrument/simulate/incidents.ts';
import { type StagedIncident, createSimulation } from '../instrument/simulate/simulate.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { type RequestSink, countingSink, httpSink, ndjsonSink } from './simulate-sinks.ts';
import { UsageError, readArguments } from './usage.ts';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:4318';
const MAX_USERS = 1_000;
const MAX_DAYS = 730;

const HELP = `Usage: vigil simulate [options]

Generates what the agents of a team did over weeks (people in time zones, with working hours, lunch and days off; repositories,
commands, files, addresses, approvals, model calls) and sends it to a collector. Everything is in the past. The same seed,
size and --until produce the same requests, byte for byte.

  --seed TEXT       seed of the random generator (default: 1)
  --users N         number of people in the team (default: 8, at most ${MAX_USERS})
  --weeks N         length of the period (default: 4)
  --days N          length of the period in days instead (at most ${MAX_DAYS})
  --until TIME      end of the period, ISO 8601 (default: now, to the minute)
  --incident KIND   add an incident in the last part of the period; may be repeated; all means each of:
${INCIDENT_KINDS.map((kind) => `                      ${kind.padEnd(20)} ${INCIDENTS[kind].summary}`).join('\n')}
  --truth FILE      write the incidents as JSON: kind, time, user, session, detections that see them
  --endpoint URL    the collector (default: ${DEFAULT_ENDPOINT})
  --header NAME=VALUE   sent with each request; may be repeated
  --rate N          spans per second (default: as fast as the collector responds)
  --ndjson          send nothing; write the requests to standard output, one per line, for vigil backtest --otlp -
  --dry-run         send nothing and write only the summary

The summary goes to standard error. Exit code 1 when the collector rejects a request.`;

const OPTIONS = {
  seed: { type: 'string', default: '1' },
  users: { type: 'string', default: '8' },
  weeks: { type: 'string' },
  days: { type: 'string' },
  until: { type: 'string' },
  incident: { type: 'string', multiple: true },
  truth: { type: 'string' },
  endpoint: { type: 'string' },
  header: { type: 'string', multiple: true },
  rate: { type: 'string' },
  ndjson: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const;

export async function simulate(args: readonly string[]): Promise<void> {
  const { values } = readArguments(args, OPTIONS, HELP, 0);
  if (values.weeks !== undefined && values.days !== undefined) throw new UsageError('use --weeks or --days, not both');
  const users = wholeNumber('users', values.users, 1, MAX_USERS);
  const days =
    values.days !== undefined
      ? wholeNumber('days', values.days, 1, MAX_DAYS)
      : 7 * wholeNumber('weeks', values.weeks ?? '4', 1, Math.floor(MAX_DAYS / 7));
  const sink = sinkOf(values);
  const simulation = roomFor(() =>
    createSimulation({
      seed: values.seed,
      users,
      days,
      untilMs: instant(values.until),
      incidents: kindsOf(values.incident ?? []),
      exporter: sink.exporter,
    }),
  );
  const { sessions, spans, incidents } = await simulation.run().catch((error: unknown) => {
    throw sink.failure() ?? error;
  });
  if (values.truth !== undefined) writeTruth(values.truth, incidents);
  const { requests, bytes, turnedAway } = sink.sent();
  console.error(
    `${users} people, ${days} days, ${sessions} sessions, ${spans} spans in ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB${turnedAway > 0 ? `, ${turnedAway} spans rejected` : ''}`,
  );
  for (const { time, kind, user, sessionId, detections } of incidents)
    console.error(`${time} ${kind} by ${user} in session ${sessionId}: ${detections.join(' or ')}`);
}

function sinkOf(values: {
  readonly ndjson?: boolean;
  readonly 'dry-run'?: boolean;
  readonly endpoint?: string;
  readonly header?: readonly string[];
  readonly rate?: string;
}): RequestSink {
  const sends = values.endpoint !== undefined || values.header !== undefined || values.rate !== undefined;
  if (values.ndjson === true || values['dry-run'] === true) {
    if (sends)
      throw new UsageError(
        '--endpoint, --header and --rate apply only to sending; --ndjson and --dry-run send nothing',
      );
    return values.ndjson === true ? ndjsonSink(process.stdout) : countingSink();
  }
  const endpoint = values.endpoint ?? DEFAULT_ENDPOINT;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    throw new UsageError(`--endpoint: ${JSON.stringify(endpoint)} is not an http(s) URL`);
  return httpSink({
    endpoint,
    headers: headersOf(values.header ?? []),
    spansPerSecond: values.rate === undefined ? undefined : wholeNumber('rate', values.rate, 1, 10_000_000),
  });
}

function kindsOf(given: readonly string[]): readonly IncidentKind[] {
  return given.flatMap((word) => {
    if (word === 'all') return INCIDENT_KINDS;
    const kind = INCIDENT_KINDS.find((known) => known === word);
    if (kind === undefined)
      throw new UsageError(`--incident: ${JSON.stringify(word)} is not one of ${INCIDENT_KINDS.join(', ')}, all`);
    return [kind];
  });
}

function headersOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((header) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[=:]\s*([\x20-\x7e\t]*)$/.exec(header) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError('--header: must be NAME=VALUE in visible ASCII characters');
      return [name, value];
    }),
  );
}

function wholeNumber(name: string, given: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(given) ? Number(given) : NaN;
  if (!(value >= min && value <= max))
    throw new UsageError(`--${name}: must be a whole number from ${min} to ${max}, not ${JSON.stringify(given)}`);
  return value;
}

const MINUTE_MS = 60_000;

function instant(given: string | undefined): number {
  if (given === undefined) return Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const ms = /^\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(given) ? Date.parse(given) : NaN;
  if (!(ms > 0))
    throw new UsageError(`--until: must be a time like 2026-03-31T18:00:00Z, not ${JSON.stringify(given)}`);
  if (ms > Date.now()) throw new UsageError('--until is in the future');
  return ms;
}

function roomFor<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function writeTruth(file: string, incidents: readonly StagedIncident[]): void {
  try {
    writeFileSync(file, `${JSON.stringify(incidents, undefined, 2)}\n`);
  } catch (error) {
    throw new ShellError('CANNOT_WRITE', `cannot write ${file}: ${messageOf(error)}`, {
      retryable: false,
      cause: error,
    });
  }
}
