/** Whether a request may read the metrics of a role. */
import type { MetricsDenial } from '../platform/http/admin-server.ts';
import type { Readers } from './readers.ts';

export function metricsDenialBy(readers: Readers): (authorization: string | undefined) => MetricsDenial | undefined {
  return (authorization) => {
    if (authorization === undefined)
      return readers.isOpenTo('metrics')
        ? undefined
        : { status: 401, message: 'a credential that reads metrics is needed' };
    const identified = readers.byAuthorization(authorization);
    if (identified.kind === 'unknown') return { status: 401, message: identified.message };
    return identified.reader.use === 'metrics'
      ? undefined
      : {
          status: 403,
          message: 'this credential does not read metrics; vigil tokens create --for metrics makes one that does',
        };
  };
}
