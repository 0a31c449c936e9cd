/** What every route is built from. */
import type { Response } from 'express';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Queries } from '../store/queries/index.ts';
import type { AlertsFeed } from './feed/alerts-feed.ts';
import { sendBadFields } from './http/problem.ts';
import type { Guard } from './sign-in/guard.ts';

export interface AuditContext {
  readonly queries: Queries;
  readonly alertsFeed: AlertsFeed;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Who may read what. */
  readonly guard: Guard;
  /** Where agents reach the collector, as far as this process was told. */
  readonly otlpUrl?: string;
  /** Whether they need a credential there. */
  readonly needsCredential: () => boolean;
  /** Resolves when everything behind the API can be reached. */
  readonly ready: () => Promise<void>;
}

/** Answers with a page of a list, or says that the cursor is not one of its own. */
export function sendList(
  response: Response,
  listed:
    | { readonly kind: 'bad_cursor' }
    | { readonly kind: 'page'; readonly items: readonly unknown[]; readonly nextCursor: string | null },
): void {
  if (listed.kind === 'bad_cursor')
    sendBadFields(response, [{ field: 'cursor', message: 'is not one that this list gave for these filters' }]);
  else response.json({ items: listed.items, nextCursor: listed.nextCursor });
}
