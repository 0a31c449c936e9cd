/** `/healthz`, `/readyz` and `/metrics`: for whoever watches over the process. */
import type { Router } from 'express';
import { METRICS_CONTENT_TYPE } from '../../platform/metrics.ts';
import { messageOf } from '../../platform/shell-error.ts';
import type { AuditContext } from '../context.ts';
import { sendProblem } from '../http/problem.ts';
import { onlyGet } from '../http/only-get.ts';

/** Longer than this, and whoever asks has given up. */
const READY_TIMEOUT_MS = 5_000;

export function healthRoutes(router: Router, { metrics, ready, log, guard }: AuditContext): void {
  onlyGet(router, '/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n');
  });

  onlyGet(router, '/readyz', async (_request, response) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), READY_TIMEOUT_MS);
    });
    try {
      await Promise.race([ready(), late]);
      response.type('text/plain').send('ready\n');
    } catch (error) {
      log.warn('not ready', { error: messageOf(error) });
      sendProblem(response, 503, { detail: 'The warehouse or the log cannot be reached', retryAfterSeconds: 5 });
    } finally {
      clearTimeout(timer);
    }
  });

  router.use('/metrics', guard.of('metrics.read'));
  onlyGet(router, '/metrics', async (_request, response) => {
    response.set('Content-Type', METRICS_CONTENT_TYPE).send(await metrics.exposition());
  });
}
