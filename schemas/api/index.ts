/** All routes of the audit API, in the order in which `/openapi.json` lists them. */
import { getAlert, listAlerts } from './alerts.ts';
import type { RouteContract } from './contract/route.ts';
import { listEvents } from './events.ts';
import { getHealth, getMetrics, getReadiness } from './health.ts';
import { getOpenApi } from './openapi.ts';
import { getLedger, listAgents } from './pipeline.ts';
import { getSession, listSessions } from './sessions.ts';
import { getSetup } from './setup.ts';
import { getSignIn, signIn, signOut } from './sign-in.ts';
import { followAlerts } from './stream.ts';

export const ROUTES = [
  listAlerts,
  getAlert,
  listEvents,
  listSessions,
  getSession,
  getLedger,
  listAgents,
  followAlerts,
  getSetup,
  getSignIn,
  signIn,
  signOut,
  getHealth,
  getReadiness,
  getMetrics,
  getOpenApi,
] as const satisfies readonly RouteContract[];

export type Route = (typeof ROUTES)[number];
