/** Answers `/healthz`, `/readyz` and `/metrics`. */
import { reasonNotReady } from '../../platform/http/health.ts';
import { METRICS_CONTENT_TYPE } from '../../platform/metrics.ts';
import { getHealth, getMetrics, getReadiness } from '../../schemas/api/health.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';
import { ProblemAnswer } from '../http/problem.ts';

export const healthHandlers = ({ metrics, ready, log }: AuditContext) => [
  handle(getHealth, () => 'ok\n'),

  handle(getReadiness, async () => {
    const reason = await reasonNotReady(ready);
    if (reason === undefined) return 'ready\n';
    log.warn('not ready', { error: reason });
    return new ProblemAnswer(503, { detail: 'The warehouse or the log cannot be reached', retryAfterSeconds: 5 });
  }),

  handle(getMetrics, ({ response }) => {
    response.set('Content-Type', METRICS_CONTENT_TYPE);
    return metrics.exposition();
  }),
];
