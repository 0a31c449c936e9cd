/** Answers `/v1/stream` with alerts as they are raised. */
import { followAlerts } from '../../schemas/api/stream.ts';
import type { AuditContext } from '../context.ts';
import type { FeedItem } from '../feed/alerts-feed.ts';
import { handle } from '../http/handle.ts';
import { ProblemAnswer } from '../http/problem.ts';

const MAX_STREAMS = 100;
/** A client that reads so slowly that more than this piles up is disconnected; it resumes from its last id. */
const MAX_WAITING_BYTES = 1_048_576;
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

export const streamHandlers = ({ alertsFeed, metrics, guard, openStreams }: AuditContext) => {
  const clients = metrics.gauge('audit_stream_clients', 'Open alert streams');
  const cut = metrics.counter('audit_stream_cut_total', 'Alert streams ended because their client read too slowly');
  metrics.onCollect(() => clients.set({}, openStreams.size));

  return [
    handle(followAlerts, ({ query: { tenant }, request, response }) => {
      if (openStreams.size >= MAX_STREAMS)
        return new ProblemAnswer(503, { detail: 'Too many open streams', retryAfterSeconds: 30 });
      const { mediaType } = followAlerts.answer;
      response.writeHead(200, { 'Content-Type': `${mediaType}; charset=utf-8`, 'X-Accel-Buffering': 'no' });
      if (request.method === 'HEAD') {
        response.end();
        return undefined;
      }
      const write = (text: string): void => {
        if (response.destroyed) return;
        // Ends the stream of a sign-in that has ended or a credential that was revoked.
        if (!guard.mayGoOn(request, followAlerts.right, tenant)) {
          response.end();
          return;
        }
        if (response.writableLength > MAX_WAITING_BYTES) {
          cut.inc();
          response.destroy();
        } else response.write(text);
      };
      const send = ({ id, alert }: FeedItem): void =>
        write(`event: alert\nid: ${id}\ndata: ${JSON.stringify(alert)}\n\n`);
      const { now, complete, missed, unsubscribe } = alertsFeed.subscribe(tenant, request.get('last-event-id'), send);
      openStreams.add(response);
      const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
      response.on('close', () => {
        clearInterval(heartbeat);
        unsubscribe();
        openStreams.delete(response);
      });
      write(`retry: ${RETRY_MS}\n\n`);
      // The feed no longer has some of what the client missed; the list does.
      if (!complete) write('event: reset\ndata: {}\n\n');
      for (const item of missed) send(item);
      // This comes last: a client cut off before its first alert knows where to resume, one cut off in between misses nothing.
      write(`id: ${now}\n\n`);
      return undefined;
    }),
  ];
};
