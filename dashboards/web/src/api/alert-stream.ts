/**
 * Follows new alerts and revisions, and says whether the line stands. A browser opens six connections to a server and no
 * more, whatever the number of its windows: so a page that is not seen holds no line, and those that are share one.
 */
import type { Alert } from '../../../../schemas/records/alert.ts';
import { openSource, type LineNews, type LineState } from './alert-source.ts';

export interface AlertStreamHandlers {
  readonly onAlert: (alert: Alert) => void;
  readonly onState: (state: LineState) => void;
  /** Alerts may have been missed, also before the first one: the list must be asked. */
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

/** The page that holds the lock holds the line, and passes on what comes; when it leaves, the next in the queue does. */
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
  // Browsers give locks only to pages that came over TLS or from loopback; elsewhere each has a line of its own.
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
  // Refused only to a page that has left the queue.
  locks.request(name, { signal: left.signal }, lead).catch(() => undefined);
  return () => {
    close?.();
    channel.close();
    left.abort();
  };
}
