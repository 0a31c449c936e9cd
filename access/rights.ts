/** The rights that each use gives a client. */
import type { Right } from '../schemas/api/rights.ts';
import { type Client, USES, type Use } from './client.ts';
import { CREDENTIAL_NEEDED, type Denial, denied } from './denial.ts';

export const RIGHTS_OF_USE: Readonly<Record<Use, readonly Right[]>> = {
  telemetry: ['telemetry.write'],
  read: ['events.read', 'alerts.read', 'reports.read'],
  metrics: ['metrics.read'],
};

const ACTIVITY: Readonly<Record<Use, string>> = {
  telemetry: 'send telemetry',
  read: 'read the audit API',
  metrics: 'read metrics',
};

export function hasRight({ rights }: Pick<Client, 'rights'>, right: Right): boolean {
  return rights.includes(right);
}

/** Undefined when the client has one of the rights. A request without a credential is asked for one. */
export function denialOf(
  client: Pick<Client, 'rights' | 'isAnonymous'>,
  ...rights: readonly Right[]
): Denial | undefined {
  if (rights.some((right) => hasRight(client, right))) return undefined;
  if (client.isAnonymous) return CREDENTIAL_NEEDED;
  const use = USES.find((each) => rights.some((right) => RIGHTS_OF_USE[each].includes(right)));
  return denied(
    'forbidden',
    use === undefined
      ? `this credential does not have the right ${rights.join(' or ')}`
      : `this credential does not ${ACTIVITY[use]}; create one that does with: vigil tokens create NAME --for ${use}`,
  );
}
