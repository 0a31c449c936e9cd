/** The rights of each use that a client can be created for. */
import type { Right } from '../schemas/api/rights.ts';
import type { Use } from './client.ts';

const RIGHTS_OF_USE: Readonly<Record<Use, readonly Right[]>> = {
  telemetry: ['telemetry.write'],
  read: ['events.read', 'alerts.read', 'reports.read'],
  metrics: ['metrics.read'],
};

export function hasRight(use: Use, right: Right): boolean {
  return RIGHTS_OF_USE[use].includes(right);
}
