/** Accounts of which more was published, refused or lost than the last commit has written down. */
import { type AccountId, keyOf } from './ledger.ts';

export interface Changes {
  readonly accounts: ReadonlyMap<string, AccountId>;
  readonly hasDrops: boolean;
}

export interface LedgerChanges {
  published(account: AccountId): void;
  /** Records of the account were refused or lost. */
  dropped(account: AccountId): void;
  readonly isEmpty: () => boolean;
  /**
   * Whether a drop is not yet written down. What was published can be derived from the segments that are left; a drop
   * cannot, so no segment may be deleted until then.
   */
  readonly hasDrops: () => boolean;
  /** Moves the changes to a commit; `restore` returns them when it fails. */
  take(): Changes;
  restore(changes: Changes): void;
}

export function createLedgerChanges(): LedgerChanges {
  let accounts = new Map<string, AccountId>();
  let hasDrops = false;
  const add = (account: AccountId): void => void accounts.set(keyOf(account), account);
  return {
    published: add,
    dropped: (account) => {
      add(account);
      hasDrops = true;
    },
    isEmpty: () => accounts.size === 0,
    hasDrops: () => hasDrops,
    take: () => {
      const changes = { accounts, hasDrops };
      accounts = new Map();
      hasDrops = false;
      return changes;
    },
    restore: (changes) => {
      accounts = new Map([...changes.accounts, ...accounts]);
      hasDrops ||= changes.hasDrops;
    },
  };
}
