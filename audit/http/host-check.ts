/** Answers only to names that are ours: a page of a stranger whose name was made to point here (DNS rebinding) gets nothing. */
import type { RequestHandler } from 'express';
import { isLoopback } from '../../platform/config.ts';
import { hostName } from '../../platform/http/host-header.ts';
import { sendProblem } from './problem.ts';

/** Asked by address, by whoever watches over the process; they tell nothing. */
const OPEN = new Set(['/healthz', '/readyz']);

/**
 * @param allowed host names, without port, in addition to loopback's
 * @param isOpen whether requests without a credential are answered: a credential no stranger's page can bring, by whatever name
 */
export function hostCheck(allowed: readonly string[], isOpen: () => boolean): RequestHandler {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  return (request, response, next) => {
    const name = hostName(request.headers.host ?? '');
    if (OPEN.has(request.path) || !isOpen() || (name !== undefined && (isLoopback(name) || names.has(name)))) next();
    else
      sendProblem(response, 421, {
        detail: 'This host name is not served here; VIGIL_ALLOWED_HOSTS names those that are',
      });
  };
}
