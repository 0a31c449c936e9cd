import { expect, it } from '@jest/globals';
import { silentLog } from '../../platform/log.ts';
import { createLedger, newAccount } from './ledger/ledger.ts';
import { createLedgerChanges } from './ledger/ledger-changes.ts';
import { createLosses } from './losses.ts';

const id = { tenant: 't', sender: 's', signal: 'logs' } as const;
const counts = { skipped: new Map(), rejected: new Map(), duplicate: 0, derived: 0 };

it('counts what was accepted before the end of a segment and is neither published nor refused', () => {
  const ledger = createLedger([]);
  ledger.add({ ...id, ...counts, received: 10, accepted: 10, events: 12 });
  const state = { nextSequence: 2048, publishedSequence: 0, accounts: ledger.accounts() };
  // These were accepted after that end.
  ledger.add({ ...id, ...counts, received: 5, accepted: 5, events: 5 });
  ledger.published(id, { records: 7, events: 8, derived: 0 });

  const changes = createLedgerChanges();
  const reports: unknown[] = [];
  const log = { ...silentLog, error: (message: string, facts?: object) => void reports.push({ message, ...facts }) };
  const segments = { stateAt: (sequence: number) => (sequence === 1024 ? state : undefined) };
  const losses = createLosses({ segments, ledger, changes, log });

  losses.unreadable(512);
  expect([changes.isEmpty(), reports]).toEqual([true, []]);
  losses.unreadable(1024);
  losses.unreadable(1024);
  expect(reports).toEqual([
    {
      message: 'records cannot be read back from the spool',
      ...id,
      records: 3,
      events: 4,
      derived: 0,
      upToSequence: 1024,
    },
  ]);
  expect(changes.hasDrops()).toBe(true);
  expect(ledger.accountOf(id)).toMatchObject({
    ...newAccount(id),
    received: 15,
    accepted: 15,
    published: 7,
    events: 17,
    publishedEvents: 8,
    droppedEvents: 4,
    lost: { spool_broken: 3 },
  });

  losses.expired(1024, 2);
  expect(reports.at(-1)).toMatchObject({ messages: 2, lost: [] });
});
