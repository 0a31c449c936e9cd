/** Plays the demo through the real OTLP endpoint, with a credential of its own, so that it lands under its own tenant. */
import { ShellError } from '../../platform/shell-error.ts';
import { incidentRequests } from './incident.ts';
import { recordedRequests } from './recordings.ts';

/** Whose the demo’s data is; nothing else is. */
export const DEMO_TENANT = 'demo';
/** Request to the running Vigil (see `platform/requests-folder.ts`), and that of its supervisor to the warehouse. */
export const REMOVE_DEMO = 'remove-demo';
export const FORGET_DEMO = 'forget-demo';

export interface DemoTarget {
  /** Base URL of the collector. */
  readonly url: string;
  readonly token: string;
  readonly now: () => number;
  /** Ends the play between two requests. */
  readonly stopping: AbortSignal;
}

/**
 * @returns how many requests were sent, unless it was stopped before the last of them
 * @throws ShellError DEMO_REFUSED when the collector does not take a request
 */
export async function playDemo({ url, token, now, stopping }: DemoTarget): Promise<number | undefined> {
  const requests = [...incidentRequests(now()), ...recordedRequests(now())];
  for (const { signal, body } of requests) {
    if (stopping.aborted) return undefined;
    const response = await fetch(`${url}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
    });
    const answer = await response.text();
    if (!response.ok)
      throw new ShellError('DEMO_REFUSED', `the collector answered ${response.status}: ${answer}`, {
        retryable: false,
      });
  }
  return requests.length;
}
