/**
 * Sends the demo through the real OTLP endpoint, with its own credential, so that its data belongs to its own tenant.
 */
import { ShellError } from '../../platform/shell-error.ts';
import type { OwnCollector } from '../own-collector.ts';
import { incidentRequests } from './incident.ts';
import { recordedRequests } from './recordings.ts';

/** A request to the running Vigil (see `platform/files/requests-folder.ts`). */
export const REMOVE_DEMO = 'remove-demo';

export interface DemoTarget {
  readonly collector: OwnCollector;
  readonly token: string;
  readonly now: () => number;
  /** Stops the demo between two requests. */
  readonly stopping: AbortSignal;
}

/**
 * @returns how many requests were sent, unless it was stopped before the last of them
 * @throws ShellError DEMO_REFUSED when the collector rejects a request
 */
export async function playDemo({ collector, token, now, stopping }: DemoTarget): Promise<number | undefined> {
  const requests = [...incidentRequests(now()), ...recordedRequests(now())];
  for (const { signal, body } of requests) {
    if (stopping.aborted) return undefined;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const { status, text } = await collector.ask(`/v1/${signal}`, headers, body);
    if (status !== 200)
      throw new ShellError('DEMO_REFUSED', `the collector answered ${status}: ${text}`, { retryable: false });
  }
  return requests.length;
}
