/** Decides who may read `/metrics`, for the servers of `platform/http`. */
import type { MetricsDenial } from '../platform/http/health.ts';
import type { Authentication, Presented } from './authentication.ts';
import { STATUS_OF_DENIAL } from './denial.ts';
import { denialOf } from './rights.ts';

/** @returns undefined when the request may read metrics */
export function metricsDenialBy(
  authenticate: Authentication['authenticate'],
): (presented: Presented) => MetricsDenial | undefined {
  return (presented) => {
    const authenticated = authenticate(presented);
    const denial = authenticated.kind === 'denied' ? authenticated : denialOf(authenticated.client, 'metrics.read');
    return denial === undefined ? undefined : { status: STATUS_OF_DENIAL[denial.reason], message: denial.message };
  };
}
