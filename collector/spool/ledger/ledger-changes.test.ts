import { expect, it } from '@jest/globals';
import { createLedgerChanges } from './ledger-changes.ts';

const account = (sender: string) => ({ tenant: 't', sender, signal: 'logs' }) as const;

it('returns the changes, and restores them when the commit fails', () => {
  const changes = createLedgerChanges();
  changes.published(account('a'));
  changes.published(account('a'));
  changes.dropped(account('b'));
  const taken = changes.take();
  expect([...taken.accounts.values()]).toEqual([account('a'), account('b')]);
  expect([changes.isEmpty(), changes.hasDrops()]).toEqual([true, false]);
  changes.published(account('c'));
  changes.restore(taken);
  expect(changes.hasDrops()).toBe(true);
  expect([...changes.take().accounts.values()]).toEqual([account('a'), account('b'), account('c')]);
});
