/** For tests that run for every agent: the synthetic records in an agent's folder. */
import type { FlatRecord } from '../../schemas/otlp/record.ts';
import type { Values } from '../../test/support/telemetry/made-records.ts';
import { AGENTS } from '../index.ts';

export interface MadeRecords {
  /** A record that makes an event without a command line, with these attributes on its resource and on itself. */
  readonly aRecord: (resource: Values, own?: Values) => FlatRecord;
  /** Records that the agent is known to export but no capture contains. */
  readonly uncaptured: readonly FlatRecord[];
}

export async function madeRecordsOf(agent: string): Promise<MadeRecords> {
  return (await import(`../${agent}/test-support/records.ts`)) as MadeRecords;
}

export async function madeRecords(): Promise<readonly (MadeRecords & { readonly agent: string })[]> {
  return Promise.all(AGENTS.map(async ({ name }) => ({ agent: name, ...(await madeRecordsOf(name)) })));
}
