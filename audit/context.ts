/** The dependencies of handlers. */
import type { Response } from 'express';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Queries } from '../store/queries/index.ts';
import type { AlertsFeed } from './feed/alerts-feed.ts';
import type { RouteGuard } from './sign-in/route-guard.ts';
import type { SignIns } from './sign-in/sign-ins.ts';

export interface AuditContext {
  readonly queries: Queries;
  readonly alertsFeed: AlertsFeed;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly guard: RouteGuard;
  readonly signIns: SignIns;
  readonly now: () => number;
  /** Responses that stay open until their client or the server ends them. */
  readonly openStreams: Set<Response>;
  /** The collector's address for agents; undefined if it is not configured. */
  readonly otlpUrl?: string;
  /** Whether agents need a credential there. */
  readonly needsCredential: () => boolean;
  /** Resolves when everything behind the API can be reached. */
  readonly ready: () => Promise<void>;
}
