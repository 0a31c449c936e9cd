/** `vigil backtest`: runs the collector's and the detector's own code over recorded requests, without any server. */
import type { Origin, OtlpSignal } from '../schemas/otlp/request.ts';
import { createRecentIds } from '../collector/spool/recent-ids.ts';
import { type IntakeDeps, acceptRequest } from '../collector/intake/intake.ts';
import { mappingFor } from '../agents/index.ts';
import { OtlpDecodeError } from '../schemas/otlp/record.ts';
import { readJson } from '../collector/otlp/json/read-json.ts';
import { createSessionActors } from '../collector/intake/session-actors.ts';
import { createBacktest } from '../detector/engine/backtest.ts';
import { SHIPPED_DETECTIONS, describeProblem, loadDetections } from '../detector/catalogue/load.ts';
import { readConfig } from '../platform/config.ts';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import { ShellError } from '../platform/shell-error.ts';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import type { Alert } from '../schemas/records/alert.ts';
import { recordedLines } from './recorded-lines.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil backtest --otlp FILE.ndjson [--json] [--detections FOLDER] [--only]

Runs the detections over recorded telemetry: one OTLP/JSON export request (logs, traces or metrics) per line, in the order
in which it was sent. Prints the last revision of every alert, earliest first.

  --otlp FILE          the requests, plain or gzip; - reads standard input
  --json               print each alert as one line of JSON instead of text
  --detections FOLDER  your own detections, in addition to the shipped ones (default: VIGIL_DETECTIONS)
  --only               use only your own detections

A summary goes to standard error. Event times are not changed, even if they are in the future; the live collector
limits those to the time of receipt. Exit code 1 when the file cannot be read or a line is not OTLP: such a line stops
the run, and no alerts are printed.`;

const SIGNALS: readonly (readonly [key: string, signal: OtlpSignal])[] = [
  ['resourceLogs', 'logs'],
  ['resourceSpans', 'traces'],
  ['resourceMetrics', 'metrics'],
];

export async function backtest(args: readonly string[]): Promise<void> {
  const { values } = readArguments(
    args,
    { otlp: { type: 'string' }, json: { type: 'boolean' }, detections: { type: 'string' }, only: { type: 'boolean' } },
    HELP,
    0,
  );
  if (values.otlp === undefined) throw new UsageError(`--otlp FILE is required\n\n${HELP}`);
  const config = readConfig();
  const own = values.detections ?? config.VIGIL_DETECTIONS;
  if (values.only === true && own === undefined) throw new UsageError('--only needs --detections FOLDER');
  const folders = [...(values.only === true ? [] : [SHIPPED_DETECTIONS]), ...(own === undefined ? [] : [own])];
  const { detections, problems } = await loadDetections(folders, { hash128 });
  if (problems.length > 0)
    throw new ShellError('BAD_DETECTIONS', problems.map(describeProblem).join('\n'), { retryable: false });

  const run = createBacktest({ rules: detections.map(({ rule }) => rule), hash128 });
  const totals = { requests: 0, records: 0, events: 0, rejected: 0 };
  const deps = intakeDeps({ tenant: config.VIGIL_TENANT, sender: config.VIGIL_SENDER });
  for await (const { line, number } of recordedLines(values.otlp, config.VIGIL_DECODED_BODY_BYTES)) {
    const signal = signalOf(line);
    if (signal === undefined)
      throw new ShellError(
        'BAD_INPUT',
        `${values.otlp}:${number}: this is not a request with logs, traces or metrics`,
        {
          retryable: false,
        },
      );
    try {
      const result = acceptRequest(deps, {
        tenant: config.VIGIL_TENANT,
        sender: config.VIGIL_SENDER,
        signal,
        body: line,
        receivedAt: 'time of the record',
      });
      totals.requests += 1;
      totals.records += result.records;
      totals.rejected += [...result.rejected.values()].reduce((sum, n) => sum + n, 0);
      for (const message of result.messages) {
        for (const eventId of message.eventIds) deps.remember(eventId);
        totals.events += message.events;
        run.fold(message.lines.split('\n').map((event) => JSON.parse(event) as AgentEvent));
      }
    } catch (error) {
      if (error instanceof OtlpDecodeError)
        throw new ShellError('BAD_INPUT', `${values.otlp}:${number}: ${error.message}`, {
          retryable: false,
          cause: error,
        });
      throw error;
    }
  }
  const alerts = run.finish();
  // The console is used instead of the stream itself, because it ignores a closed pipe.
  for (const alert of alerts) console.log(values.json === true ? JSON.stringify(alert) : textOf(alert));
  for (const { reason } of run.takeCounts().failures) console.error(`vigil: a detection failed: ${reason}`);
  console.error(
    `${totals.requests} requests, ${totals.records} records (${totals.rejected} rejected), ${totals.events} events, ${alerts.length} alerts, ${detections.length} detections`,
  );
}

/** Decides like the live collector, with its state in memory instead of on disk. */
function intakeDeps({ tenant, sender }: Origin): IntakeDeps & { readonly remember: (eventId: string) => void } {
  const recent = createRecentIds().of({ tenant, sender });
  return {
    read: readJson,
    mappingFor,
    hash128: hashParts,
    sha256,
    isKnown: recent.has,
    remember: (eventId) => recent.add(eventId),
    actors: createSessionActors(sender, hash128),
  };
}

/** Returns the kind of request by the first key of the line; the reader validates the content. */
function signalOf(line: Buffer): OtlpSignal | undefined {
  const found = SIGNALS.map(([key, signal]) => ({ signal, at: line.indexOf(`"${key}"`) })).filter(({ at }) => at >= 0);
  const first = found.sort((a, b) => a.at - b.at)[0]?.signal;
  // An empty export is the same for every signal.
  return first ?? (/^\s*\{\s*\}\s*$/.test(line.toString()) ? 'logs' : undefined);
}

function textOf({ time, severity, detectionId, entity, summary, count }: Alert): string {
  return `${new Date(time).toISOString()} ${severity.padEnd(13)} ${detectionId} [${entity.id}] ${summary}${count > 1 ? ` (${count} times)` : ''}`;
}
