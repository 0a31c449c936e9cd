/**
 * `vigil doctor`: shows which agents were seen, what they omit and what that costs, and whether the parts of the
 * pipeline respond.
 */
import { PipelineLedger, SeenAgents } from '../schemas/api/pipeline.ts';
import { SHIPPED_DETECTIONS, describeProblem, loadDetections } from '../detector/catalogue/load.ts';
import type { Config } from '../platform/config.ts';
import { hash128 } from '../platform/hash.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { Setup } from '../schemas/api/setup.ts';
import {
  ASKING_HELP,
  ASKING_OPTIONS,
  type Asking,
  addressOf,
  apiOf,
  fetchRecord,
  fetchText,
  tokenIn,
} from './audit-api.ts';
import { type Diagnosis, type PartVerdict, judgeAgent, textOf } from './doctor-verdict.ts';
import { judgeLedger } from './ledger-verdict.ts';
import { ownPageUrl } from './own-collector.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil doctor [--api URL] [--token-file FILE] [--ca FILE] [--tenant NAME] [--days N] [--collector URL] [--sender-token-file FILE]
                    [--detector URL] [--recorder URL] [--metrics-token-file FILE] [--detections FOLDER] [--json]

Shows which agents were seen, which fields needed by detections are missing in their telemetry, which detections are blind because
of that, and which setting adds the fields. Also checks whether collector, detector, recorder, warehouse and log respond. Exits with 1
if something is broken, otherwise with 0 and advice.

${ASKING_HELP}
  --tenant NAME        tenant of the agents (default: the server's own tenant, or that of the token)
  --days N             how far back (default: 7)
  --collector URL      the collector (default: the address that the audit API gives to agents)
  --sender-token-file FILE   contains an agent's token; tests with an empty export whether the collector accepts it
  --detector URL       health and metrics of the detector (default: this machine with VIGIL_ADMIN_PORT, if set)
  --recorder URL       health and metrics of the recorder, if it is not in the audit API's process
  --metrics-token-file FILE  contains a token from vigil tokens create NAME --for metrics, if metrics need one (default: VIGIL_METRICS_TOKEN)
  --detections FOLDER  your own detections, in addition to the shipped ones (default: VIGIL_DETECTIONS)
  --json               print the result as one line of JSON`;

const DAY_MS = 86_400_000;
const OPTIONS = {
  ...ASKING_OPTIONS,
  'sender-token-file': { type: 'string' },
  'metrics-token-file': { type: 'string' },
  tenant: { type: 'string' },
  days: { type: 'string' },
  collector: { type: 'string' },
  detector: { type: 'string' },
  recorder: { type: 'string' },
  detections: { type: 'string' },
  json: { type: 'boolean' },
} as const;

interface Asked {
  readonly api: string;
  readonly asking: Asking;
  readonly metrics: Asking;
  /** Token of an agent, to be tested. */
  readonly sender: string | undefined;
  readonly tenant: string | undefined;
  readonly collector: string | undefined;
  readonly detector: string | undefined;
  readonly recorder: string | undefined;
}

export async function doctor(args: readonly string[]): Promise<void> {
  const { values } = readArguments(args, OPTIONS, HELP, 0);
  const days = values.days ?? '7';
  if (!/^[1-9]\d{0,3}$/.test(days)) throw new UsageError(`--days ${days} is not a number of days\n\n${HELP}`);
  const { api, asking, config } = apiOf(values);
  const metricsToken =
    values['metrics-token-file'] === undefined ? config.VIGIL_METRICS_TOKEN : tokenIn(values['metrics-token-file']);
  const sender = values['sender-token-file'] === undefined ? undefined : tokenIn(values['sender-token-file']);
  const asked: Asked = {
    api,
    asking,
    metrics: { ...asking, token: metricsToken },
    sender,
    tenant: values.tenant,
    collector: values.collector,
    detector: values.detector ?? adminOf(config),
    recorder: values.recorder,
  };
  for (const option of ['api', 'collector', 'detector', 'recorder'] as const)
    if (asked[option] !== undefined) addressOf(option, asked[option], '/', HELP);
  const diagnosis = await diagnose(
    asked,
    Date.now() - Number(days) * DAY_MS,
    values.detections ?? config.VIGIL_DETECTIONS,
  );
  console.log(values.json === true ? JSON.stringify(diagnosis) : textOf(diagnosis, Number(days)));
  if (diagnosis.parts.some(({ state }) => state === 'broken')) process.exitCode = 1;
}

function adminOf(config: Config): string | undefined {
  return config.VIGIL_ADMIN_PORT === undefined ? undefined : ownPageUrl(config, config.VIGIL_ADMIN_PORT);
}

async function diagnose(asked: Asked, from: number, own: string | undefined): Promise<Diagnosis> {
  const found = await Promise.all([
    warehousePart(asked),
    collectorPart(asked),
    ledgerPart(asked),
    detectorPart(asked),
    recorderPart(asked),
  ]);
  const url = addressOf('api', asked.api, '/v1/pipeline/agents', HELP);
  if (asked.tenant !== undefined) url.searchParams.set('tenant', asked.tenant);
  url.searchParams.set('from', String(Math.max(0, from)));
  try {
    const { agents } = await fetchRecord(url, SeenAgents, 'list of agents', asked.asking);
    const folders = [SHIPPED_DETECTIONS, ...(own === undefined ? [] : [own])];
    const { detections, problems } = await loadDetections(folders, { hash128 });
    const rules = detections.map(({ detection }) => detection);
    const broken = problems.map((problem): PartVerdict => ({
      part: 'detections',
      state: 'broken',
      detail: describeProblem(problem),
    }));
    const parts: PartVerdict[] = [{ part: 'audit API', state: 'ok', detail: asked.api }, ...found, ...broken];
    return { parts, agents: agents.map((agent) => judgeAgent(agent, rules)) };
  } catch (error) {
    return { parts: [{ part: 'audit API', state: 'broken', detail: messageOf(error) }, ...found], agents: [] };
  }
}

/** @param look resolves with a description of a part that works */
async function partOf(part: string, look: () => Promise<Omit<PartVerdict, 'part'>>): Promise<PartVerdict> {
  try {
    return { part, ...(await look()) };
  } catch (error) {
    return { part, state: 'broken', detail: messageOf(error) };
  }
}

function warehousePart({ api, asking }: Asked): Promise<PartVerdict> {
  return partOf('warehouse, log', async () => {
    await fetchText(addressOf('api', api, '/readyz', HELP), 'the audit API', asking);
    return { state: 'ok', detail: 'reached by the audit API' };
  });
}

function collectorPart({ api, asking, sender, collector }: Asked): Promise<PartVerdict> {
  return partOf('collector', async () => {
    const url =
      collector ?? (await fetchRecord(addressOf('api', api, '/v1/setup', HELP), Setup, 'setup', asking)).otlpUrl;
    if (url === null)
      return { state: 'unknown', detail: 'the audit API does not know its address; set --collector URL' };
    const { tls } = asking;
    await fetchText(addressOf('collector', url, '/healthz', HELP), 'the collector', { tls });
    if (sender === undefined) return { state: 'ok', detail: url };
    await fetchText(addressOf('collector', url, '/v1/logs', HELP), 'the collector', { tls, token: sender }, '{}');
    return { state: 'ok', detail: `${url}, and it accepts the token of --sender-token-file` };
  });
}

function ledgerPart({ api, asking, tenant }: Asked): Promise<PartVerdict> {
  return partOf('ledger', async () => {
    const url = addressOf('api', api, '/v1/pipeline/ledger', HELP);
    if (tenant !== undefined) url.searchParams.set('tenant', tenant);
    const ledger = await fetchRecord(url, PipelineLedger, 'ledger', asking);
    if (ledger.accounts.length === 0) return { state: 'unknown', detail: 'no collector has reported any record yet' };
    const { faults, notes } = judgeLedger(ledger, Date.now());
    const waiting = ledger.accounts.reduce((all, account) => all + account.waiting, 0);
    if (faults.length > 0) return { state: 'broken', detail: faults.join('; ') };
    return { state: 'ok', detail: [`it is complete; ${waiting} records wait in spools`, ...notes].join('; ') };
  });
}

function detectorPart({ detector, metrics: asking }: Asked): Promise<PartVerdict> {
  return partOf('detector', async () => {
    if (detector === undefined)
      return {
        state: 'unknown',
        detail: 'not checked: VIGIL_ADMIN_PORT is not set; set --detector URL to the address of its metrics',
      };
    const metrics = await metricsOf(addressOf('detector', detector, '/metrics', HELP), 'the detector', asking);
    if (metrics === undefined) return WITHOUT_TOKEN;
    const lag = lagIn(metrics, 'detector_lag_messages');
    if (lag === undefined) return { state: 'unknown', detail: `${detector} reports no lag yet` };
    return { state: 'ok', detail: `${lag} messages not yet judged` };
  });
}

function recorderPart({ api, recorder, metrics: asking }: Asked): Promise<PartVerdict> {
  return partOf('recorder', async () => {
    const url = recorder ?? api;
    const metrics = await metricsOf(addressOf('recorder', url, '/metrics', HELP), 'the recorder', asking);
    if (metrics === undefined) return WITHOUT_TOKEN;
    const lag = lagIn(metrics, 'recorder_lag_messages');
    if (lag !== undefined) return { state: 'ok', detail: `${lag} messages not yet stored` };
    const where =
      recorder === undefined
        ? 'the audit API has no recorder in its process, or nothing was stored yet; set --recorder URL to the address of its metrics'
        : `${url} reports no lag yet`;
    return { state: 'unknown', detail: where };
  });
}

const WITHOUT_TOKEN = {
  state: 'unknown',
  detail: 'its metrics need a token: set --metrics-token-file or VIGIL_METRICS_TOKEN',
} as const;

/** Undefined when the metrics need a token and none was given. */
async function metricsOf(url: URL, who: string, asking: Asking): Promise<string | undefined> {
  try {
    return await fetchText(url, who, asking);
  } catch (error) {
    if (asking.token === undefined && error instanceof ShellError && error.code === 'NO_CREDENTIAL') return undefined;
    throw error;
  }
}

/** Sums a gauge over its labels, in the exposition format of Prometheus; undefined when it does not exist. */
function lagIn(metrics: string, name: string): number | undefined {
  const values = metrics.split('\n').flatMap((line) => {
    const [, value] = line.startsWith(name) ? (/^\w+(?:\{.*\})? (\d\S*)$/.exec(line) ?? []) : [];
    return value === undefined ? [] : [Number(value)];
  });
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
