/** Access for tests: the clients, and what is open without a credential, are the test's to choose. */
import { type Authentication, createAuthentication } from '../../access/authentication.ts';
import { type Client, EVERY_TENANT, type RegisteredClient, USES } from '../../access/client.ts';
import type { Access } from '../../access/open-access.ts';
import { type ConfiguredToken, createRegistry } from '../../access/registry.ts';
import { RIGHTS_OF_USE, hasRight } from '../../access/rights.ts';
import type { Right } from '../../schemas/api/rights.ts';

export type TestAccess = Authentication & Pick<Access, 'isOpenFor' | 'tls'>;

export interface TestAccessOptions {
  readonly clients?: () => readonly RegisteredClient[];
  readonly configured?: readonly ConfiguredToken[];
  /** Rights of requests without a credential. */
  readonly open?: () => readonly Right[];
  readonly tenant?: string;
  readonly now?: () => number;
}

export function testAccess({
  clients = () => [],
  configured = [],
  open = () => [],
  tenant = 'default',
  now = Date.now,
}: TestAccessOptions): TestAccess {
  const anonymous = (): Client | undefined =>
    open().length === 0 ? undefined : anonymousWith(open(), { tenant, sender: 'local' });
  return {
    ...createAuthentication({
      registry: () => createRegistry(clients(), configured),
      anonymous,
      tenant,
      onUse: () => undefined,
      now,
    }),
    isOpenFor: (right) => hasRight({ rights: open() }, right),
    tls: undefined,
  };
}

export function anonymousWith(rights: readonly Right[], named: { tenant: string; sender: string }): Client {
  return { ...named, rights, reads: [EVERY_TENANT], isAnonymous: true };
}

/** For tests that are not about who reads: everything is open, as on loopback without settings. */
export const openToEverybody = (tenant = 'default'): TestAccess =>
  testAccess({ tenant, open: () => USES.flatMap((use) => RIGHTS_OF_USE[use]) });
