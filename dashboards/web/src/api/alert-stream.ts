/**
 * Follows new alerts and revisions, and reports the state of the connection. A browser opens at most six connections to a
 * server for all its windows, so hidden pages close theirs and visible pages share one.
 */
import type { Alert } from '../../../../schemas/records/alert.ts';
import { openSource, type LineNews, type LineState } from './alert-source.ts';

export interface AlertStreamHandlers {
  readonly onAlert: (alert: Alert) => void;
  readonly onState: (state: LineState) => void;
  /** Alerts may have been missed, even before the first one: fetch the list. */
  readonly onGap: () => void;
}

/** @returns a function that ends it */
export function followAlerts(tenant: string | undefined, handlers: AlertStreamHandlers): () => void {
  let leave: (() => void) | undefined;
  const attend = () => {
    if (!document.hidden) leave ??= joinLine(tenant, handlers);
    else {
      leave?.();
      leave = undefined;
    }
  };
  document.addEventListener('visibilitychange', attend);
  attend();
  return () => {
    document.removeEventListener('visibilitychange', attend);
    leave?.();
  };
}

type Message = LineNews | { readonly kind: 'newcomer' };

/** The page with the lock has the connection and shares what arrives. When it leaves, the next page gets the lock. */
function joinLine(tenant: string | undefined, handlers: AlertStreamHandlers): () => void {
  let state: LineState | undefined;
  const hear = (news: LineNews) => {
    if (news.kind === 'alert') handlers.onAlert(news.alert);
    else if (news.kind === 'reset') handlers.onGap();
    else if (news.state !== state) {
      ({ state } = news);
      handlers.onState(state);
      if (state === 'live') handlers.onGap();
    }
  };
  // Browsers give locks only to pages served over TLS or from loopback; elsewhere each page opens its own connection.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return openSource(tenant, hear);

  const name = `alerts/${tenant ?? ''}`;
  const channel = new BroadcastChannel(name);
  const left = new AbortController();
  let close: (() => void) | undefined;
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.kind !== 'newcomer') hear(data);
    else if (close !== undefined && state !== undefined) channel.postMessage({ kind: 'state', state });
  });
  channel.postMessage({ kind: 'newcomer' });
  const lead = () =>
    new Promise<void>((release) => {
      left.signal.addEventListener('abort', () => release());
      close = openSource(tenant, (news) => {
        hear(news);
        channel.postMessage(news);
      });
    });
  // Fails only for a page that has left the queue.
  locks.request(name, { signal: left.signal }, lead).catch(() => undefined);
  return () => {
    close?.();
    channel.close();
    left.abort();
  };
}
