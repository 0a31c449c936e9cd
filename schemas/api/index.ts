/** All routes of the audit API, in the order in which `/openapi.json` lists them. */
import { alertRoutes } from './alerts.ts';
import type { RouteContract } from './contract/route.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { openApiRoutes } from './openapi.ts';
import { pipelineRoutes } from './pipeline.ts';
import { sessionRoutes } from './sessions.ts';
import { setupRoutes } from './setup.ts';
import { signInRoutes } from './sign-in.ts';
import { streamRoutes } from './stream.ts';

export const ROUTES = [
  ...alertRoutes,
  ...eventRoutes,
  ...sessionRoutes,
  ...pipelineRoutes,
  ...streamRoutes,
  ...setupRoutes,
  ...signInRoutes,
  ...healthRoutes,
  ...openApiRoutes,
] as const satisfies readonly RouteContract[];

export type Route = (typeof ROUTES)[number];
