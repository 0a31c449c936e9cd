/** The screens and their addresses; each screen is a chunk of its own. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { segmentOfSession, sessionOfSegment } from '../../../schemas/api/contract/session-path.ts';
import { CrashNotice, NowhereNotice } from './frame/notice.tsx';
import { Gate } from './frame/gate.tsx';
import {
  alertsSearch,
  parseSearch,
  rootSearch,
  sessionSearch,
  sessionsSearch,
  stringifySearch,
  type RootSearch,
} from './search.ts';

const rootRoute = createRootRoute({
  validateSearch: rootSearch,
  search: { middlewares: [retainSearchParams<RootSearch>(['tenant'])] },
  component: Gate,
  errorComponent: CrashNotice,
  notFoundComponent: NowhereNotice,
});

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: ({ search }) => {
    redirect({ to: '/alerts', search, replace: true, throw: true });
  },
});

const alertsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/alerts',
  validateSearch: alertsSearch,
  component: lazyRouteComponent(() => import('./alerts/alerts-screen.tsx'), 'AlertsScreen'),
});

const sessionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sessions',
  validateSearch: sessionsSearch,
  component: lazyRouteComponent(() => import('./sessions/sessions-screen.tsx'), 'SessionsScreen'),
});

const sessionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sessions/$sessionId',
  params: {
    parse: ({ sessionId }) => ({ sessionId: sessionOfSegment(sessionId) }),
    stringify: ({ sessionId }) => ({ sessionId: segmentOfSession(sessionId) }),
  },
  validateSearch: sessionSearch,
  component: lazyRouteComponent(() => import('./session/session-screen.tsx'), 'SessionScreen'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, alertsRoute, sessionsRoute, sessionRoute]),
  parseSearch,
  stringifySearch,
  defaultPreload: false,
  defaultErrorComponent: CrashNotice,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
