/** A connection to the server's stream of alerts and revisions, reopened whenever it breaks. */
import type { Alert } from '../../../../schemas/records/alert.ts';
import { urlOf } from './client.ts';

export type LineState = 'connecting' | 'live' | 'lost';

export type LineNews =
  | { readonly kind: 'alert'; readonly alert: Alert }
  | { readonly kind: 'state'; readonly state: LineState }
  /** The server no longer knows what the page missed. */
  | { readonly kind: 'reset' };

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

/** @returns a function that closes the connection */
export function openSource(tenant: string | undefined, tell: (news: LineNews) => void): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let delayMs = FIRST_RETRY_MS;
  const open = () => {
    tell({ kind: 'state', state: 'connecting' });
    source = new EventSource(urlOf('/v1/stream', { query: { tenant } }));
    source.addEventListener('open', () => {
      delayMs = FIRST_RETRY_MS;
      tell({ kind: 'state', state: 'live' });
    });
    source.addEventListener('alert', (event) => {
      const alert = parseAlert(event.data);
      if (alert !== undefined) tell({ kind: 'alert', alert });
    });
    source.addEventListener('reset', () => tell({ kind: 'reset' }));
    source.addEventListener('error', () => {
      tell({ kind: 'state', state: 'lost' });
      // The browser reconnects by itself, except after an error answer of the server.
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
