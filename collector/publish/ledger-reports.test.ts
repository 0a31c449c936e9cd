import { afterEach, expect, it } from '@jest/globals';
import type { OutgoingMessage } from '../../platform/bus/bus.ts';
import { silentLog } from '../../platform/log.ts';
import { PipelineAccount, unaccounted } from '../../schemas/records/pipeline-account.ts';
import { MESSAGE_BYTES, TOPICS } from '../../schemas/topics.ts';
import { until } from '../../test/support/until.ts';
import { type LedgerReports, startLedgerReports } from './ledger-reports.ts';
import { type Account, newAccount } from '../spool/ledger/ledger.ts';

let reports: LedgerReports | undefined;
afterEach(() => reports?.stop());

const account = (sender: string, counts: Partial<Account> = {}): Account => ({
  ...newAccount({ tenant: 'lab', sender, signal: 'logs' }),
  received: 6,
  accepted: 3,
  skipped: { internal: 2 },
  rejected: { missing_session: 1 },
  published: 3,
  events: 4,
  publishedEvents: 4,
  ...counts,
});

function start(accounts: () => readonly Account[], everyMs: number) {
  const told: OutgoingMessage[] = [];
  let away = false;
  const bus = {
    publish: (messages: readonly OutgoingMessage[]) => {
      if (away) return Promise.reject(new Error('nobody there'));
      told.push(...messages);
      return Promise.resolve();
    },
  };
  const spool = { id: '0123456789abcdef', ledger: accounts };
  reports = startLedgerReports({
    spool,
    bus,
    log: silentLog,
    now: () => 1_760_000_000_000,
    collector: 'edge-1',
    everyMs,
  });
  const records = () =>
    told.flatMap(({ value }) =>
      String(value)
        .split('\n')
        .map((line) => PipelineAccount.parse(JSON.parse(line))),
    );
  return { told, records, goAway: (is: boolean) => (away = is) };
}

it('tells what changed, and again and again where something waits', async () => {
  let accounts = [account('a'), account('b', { published: 1, publishedEvents: 1 })];
  const { records } = start(() => accounts, 5);
  const told = (sender: string): number => records().filter((record) => record.sender === sender).length;
  await until('b is told three times', () => told('b') >= 3);
  expect(told('a')).toBe(1);
  expect(records().map(unaccounted)).toEqual(records().map(() => 0));
  expect(records().find(({ sender }) => sender === 'b')).toMatchObject({
    spool: '0123456789abcdef',
    collector: 'edge-1',
    published: 1,
    waiting: 2,
  });
  accounts = [account('a', { received: 7, duplicate: 1 }), account('b')];
  await until('the change is told', () => told('a') === 2);
});

it('tells the last state when it stops, and what an absent bus has missed when that is back', async () => {
  const accounts = [account('a')];
  const first = start(() => accounts, 1e6);
  await reports?.stop();
  expect(first.records()).toHaveLength(1);

  const { records, goAway } = start(() => accounts, 5);
  goAway(true);
  await new Promise((resolve) => setTimeout(resolve, 30));
  goAway(false);
  await until('it is told', () => records().length > 0);
});

it('fits its messages to the log', async () => {
  const accounts = Array.from({ length: 2_000 }, (_, n) => account(`sender ${n} ${'x'.repeat(200)}`));
  const { told, records } = start(() => accounts, 1e6);
  await reports?.stop();
  expect(records()).toHaveLength(2_000);
  for (const { topic, value } of told) expect([topic, value.length <= MESSAGE_BYTES]).toEqual([TOPICS.ledger, true]);
});
