/** `/v1/stream`: new alerts as server-sent events, as they are raised. */
import type { Response, Router } from 'express';
import { TenantQuery } from '../../schemas/api/contract/parameters.ts';
import type { AuditContext } from '../context.ts';
import type { FeedItem } from '../feed/alerts-feed.ts';
import { tenantQueryOf } from '../sign-in/tenant-query.ts';
import { sendProblem } from '../http/problem.ts';
import { onlyGet } from '../http/only-get.ts';

const CLIENTS = 100;
/** A client that lets this much pile up is cut off: it comes back and goes on from its last id. */
const WAITING_BYTES = 1_048_576;
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

export interface StreamRoutes {
  /** Ends all open streams. */
  readonly close: () => void;
}

export function streamRoutes(router: Router, context: AuditContext): StreamRoutes {
  const { alertsFeed, metrics, guard } = context;
  const open = new Set<Response>();
  const clients = metrics.gauge('audit_stream_clients', 'Open alert streams');
  const cut = metrics.counter('audit_stream_cut_total', 'Alert streams ended because their client read too slowly');
  metrics.onCollect(() => clients.set({}, open.size));

  onlyGet(router, '/v1/stream', (request, response) => {
    const query = tenantQueryOf(TenantQuery, request, response, guard);
    if (query === undefined) return;
    if (open.size >= CLIENTS) {
      sendProblem(response, 503, { detail: 'Too many open streams', retryAfterSeconds: 30 });
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const { tenant } = query;
    const write = (text: string): void => {
      if (response.destroyed) return;
      // A sign-in that has ended, or a credential that was revoked, hears nothing more.
      if (!guard.mayGoOn(request, tenant)) {
        response.end();
        return;
      }
      if (response.writableLength > WAITING_BYTES) {
        cut.inc();
        response.destroy();
      } else response.write(text);
    };
    const send = ({ id, alert }: FeedItem): void =>
      write(`event: alert\nid: ${id}\ndata: ${JSON.stringify(alert)}\n\n`);
    const { now, complete, missed, unsubscribe } = alertsFeed.subscribe(tenant, request.get('last-event-id'), send);
    open.add(response);
    const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
    response.on('close', () => {
      clearInterval(heartbeat);
      unsubscribe();
      open.delete(response);
    });
    write(`retry: ${RETRY_MS}\n\n`);
    // What came between is not in memory any more: the list has it.
    if (!complete) write('event: reset\ndata: {}\n\n');
    for (const item of missed) send(item);
    // Last, so that a client that is cut off before its first alert knows where to go on, and one cut off in between misses nothing.
    write(`id: ${now}\n\n`);
  });

  return {
    close: () => {
      for (const response of open) response.end();
    },
  };
}
