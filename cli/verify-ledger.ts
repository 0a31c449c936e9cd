/** `vigil verify ledger`: checks that everything received is accounted for, and that everything published is stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineLedger } from '../schemas/api/pipeline.ts';
import { ASKING_HELP, ASKING_OPTIONS, addressOf, apiOf, fetchRecord } from './audit-api.ts';
import { judgeLedger, textOf } from './ledger-verdict.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil verify ledger [--api URL] [--token-file FILE] [--ca FILE] [--tenant NAME] [--wait SECONDS] [--unstored] [--json]

Checks that every input record a collector has received is accounted for: received = accepted + skipped + rejected + duplicate,
accepted = published + waiting + refused + lost, for every collector, sender and signal; and that the warehouse holds every event
that was published. Exits with 1 if it does not add up, or if nothing has been received.

${ASKING_HELP}
  --tenant NAME        tenant of the data (default: the server's own tenant, or that of the token)
  --wait SECONDS       how long to wait for records in the pipeline (default: 30)
  --unstored           do not count the events in the warehouse, which is slow when there are many
  --json               print the result as one line of JSON`;

const POLL_MS = 500;

export async function verify(args: readonly string[]): Promise<void> {
  const options = {
    ...ASKING_OPTIONS,
    tenant: { type: 'string' },
    wait: { type: 'string' },
    unstored: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const;
  const { values, positionals } = readArguments(args, options, HELP, 1);
  if (positionals.length !== 1 || positionals[0] !== 'ledger') throw new UsageError(HELP);
  const wait = values.wait ?? '30';
  if (!/^\d{1,5}$/.test(wait)) throw new UsageError(`--wait ${wait} is not a number of seconds\n\n${HELP}`);
  const { api, asking } = apiOf(values);
  const url = ledgerAddress(api, values.tenant, values.unstored !== true);
  const giveUpAt = Date.now() + Number(wait) * 1000;
  for (;;) {
    const ledger = await fetchRecord(url, PipelineLedger, 'ledger', asking);
    const verdict = judgeLedger(ledger, Date.now());
    if (verdict.settled || Date.now() >= giveUpAt) {
      console.log(values.json === true ? JSON.stringify({ ...verdict, ...ledger }) : textOf(ledger, verdict));
      if (verdict.faults.length > 0) process.exitCode = 1;
      return;
    }
    await sleep(POLL_MS);
  }
}

function ledgerAddress(api: string, tenant: string | undefined, stored: boolean): URL {
  const url = addressOf('api', api, '/v1/pipeline/ledger', HELP);
  if (tenant !== undefined) url.searchParams.set('tenant', tenant);
  url.searchParams.set('stored', String(stored));
  return url;
}
