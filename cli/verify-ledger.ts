/** `vigil verify ledger`: does what was received add up, and is what was published stored? */
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../platform/config.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { PipelineLedger } from '../schemas/api.ts';
import { judgeLedger, textOf } from './ledger-verdict.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil verify ledger [--api URL] [--tenant NAME] [--wait SECONDS] [--unstored] [--json]

Checks that every input record a collector has received is accounted for: received = accepted + skipped + rejected + duplicate,
accepted = published + waiting + refused + lost, for every collector, sender and signal; and that the warehouse holds every event
that was published. Ends with 1 where it does not add up, or where nothing has been received.

  --api URL       the audit API (default: http://127.0.0.1 with VIGIL_HTTP_PORT)
  --tenant NAME   whose data (default: the server's own tenant)
  --wait SECONDS  how long what is on its way may take (default: 30)
  --unstored      do not count the events in the warehouse, which takes long where there are many
  --json          print what was found as one line of JSON`;

const POLL_MS = 500;

export async function verify(args: readonly string[]): Promise<void> {
  const options = { api: { type: 'string' }, tenant: { type: 'string' }, wait: { type: 'string' }, unstored: { type: 'boolean' }, json: { type: 'boolean' } } as const; // prettier-ignore
  const { values, positionals } = readArguments(args, options, HELP, 1);
  if (positionals.length !== 1 || positionals[0] !== 'ledger') throw new UsageError(HELP);
  const wait = values.wait ?? '30';
  if (!/^\d{1,5}$/.test(wait)) throw new UsageError(`--wait ${wait} is not a number of seconds\n\n${HELP}`);
  const url = addressOf(values.api, values.tenant, values.unstored !== true);
  const giveUpAt = Date.now() + Number(wait) * 1000;
  for (;;) {
    const ledger = await fetchLedger(url);
    const verdict = judgeLedger(ledger, Date.now());
    if (verdict.settled || Date.now() >= giveUpAt) {
      console.log(values.json === true ? JSON.stringify({ ...verdict, ...ledger }) : textOf(ledger, verdict));
      if (verdict.faults.length > 0) process.exitCode = 1;
      return;
    }
    await sleep(POLL_MS);
  }
}

function addressOf(api: string | undefined, tenant: string | undefined, stored: boolean): URL {
  const base = api ?? `http://127.0.0.1:${readConfig().VIGIL_HTTP_PORT}`;
  let url: URL;
  try {
    url = new URL('/v1/pipeline/ledger', base);
  } catch {
    throw new UsageError(`--api ${base} is not a URL\n\n${HELP}`);
  }
  if (tenant !== undefined) url.searchParams.set('tenant', tenant);
  url.searchParams.set('stored', String(stored));
  return url;
}

/** @throws ShellError NO_ANSWER */
async function fetchLedger(url: URL): Promise<PipelineLedger> {
  const failed = (what: string, cause?: unknown): ShellError =>
    new ShellError('NO_ANSWER', `${url.origin}: ${what}`, { retryable: true, cause });
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    throw failed(`the audit API does not answer (${messageOf((error as Error).cause ?? error)})`, error);
  }
  const body = await response.text();
  if (!response.ok) throw failed(`the audit API answered ${response.status}: ${body.slice(0, 300)}`);
  try {
    return PipelineLedger.parse(JSON.parse(body));
  } catch (error) {
    throw failed('that is no ledger of an audit API', error);
  }
}
