/** Follows new alerts and revisions over server-sent events, and says whether the line stands. */
import type { Alert } from '../../../../schemas/alert.ts';
import { urlOf } from './client.ts';

export type LineState = 'connecting' | 'live' | 'lost';

export interface AlertStreamHandlers {
  readonly onAlert: (alert: Alert) => void;
  /** `live` comes after each reconnection too: what was raised in between must be asked for. */
  readonly onState: (state: LineState) => void;
}

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

/** @returns a function that closes the line */
export function followAlerts(tenant: string | undefined, handlers: AlertStreamHandlers): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let delayMs = FIRST_RETRY_MS;
  const open = () => {
    handlers.onState('connecting');
    source = new EventSource(urlOf('/v1/stream', { tenant }));
    source.addEventListener('open', () => {
      delayMs = FIRST_RETRY_MS;
      handlers.onState('live');
    });
    source.addEventListener('alert', (event) => {
      const alert = parseAlert(event.data);
      if (alert !== undefined) handlers.onAlert(alert);
    });
    source.addEventListener('error', () => {
      handlers.onState('lost');
      // The browser reconnects by itself unless the server answered with an error; then it gives up for good.
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = window.setTimeout(open, delayMs);
      delayMs = Math.min(delayMs * 2, LAST_RETRY_MS);
    });
  };
  open();
  return () => {
    window.clearTimeout(timer);
    source?.close();
  };
}

function parseAlert(data: unknown): Alert | undefined {
  try {
    const alert = JSON.parse(String(data)) as Partial<Alert> | null;
    const whole =
      typeof alert?.alertId === 'string' && typeof alert.revision === 'number' && typeof alert.explanation === 'object';
    return whole ? (alert as Alert) : undefined;
  } catch {
    return undefined;
  }
}
