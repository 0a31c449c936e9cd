/** Answers `/healthz`, `/readyz` and `/metrics`. */
import { METRICS_CONTENT_TYPE } from '../../platform/metrics.ts';
import { messageOf } from '../../platform/shell-error.ts';
import { getHealth, getMetrics, getReadiness } from '../../schemas/api/health.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';
import { ProblemAnswer } from '../http/problem.ts';

/** A probe that waits longer has usually timed out itself. */
const READY_TIMEOUT_MS = 5_000;

export const healthHandlers = ({ metrics, ready, log }: AuditContext) => [
  handle(getHealth, () => 'ok\n'),

  handle(getReadiness, async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), READY_TIMEOUT_MS);
    });
    try {
      await Promise.race([ready(), late]);
      return 'ready\n';
    } catch (error) {
      log.warn('not ready', { error: messageOf(error) });
      return new ProblemAnswer(503, { detail: 'The warehouse or the log cannot be reached', retryAfterSeconds: 5 });
    } finally {
      clearTimeout(timer);
    }
  }),

  handle(getMetrics, ({ response }) => {
    response.set('Content-Type', METRICS_CONTENT_TYPE);
    return metrics.exposition();
  }),
];
