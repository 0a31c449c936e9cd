/** `/healthz`, `/readyz` and `/metrics`: for those who run the process. */
import { route } from './contract/route.ts';

export const getHealth = route({
  id: 'health',
  method: 'get',
  path: '/healthz',
  right: 'none',
  summary: 'Whether the process runs',
  answer: { kind: 'text', mediaType: 'text/plain', description: 'ok' },
  anyHost: true,
});

export const getReadiness = route({
  id: 'readiness',
  method: 'get',
  path: '/readyz',
  right: 'none',
  summary: 'Whether the warehouse and the log can be reached',
  answer: { kind: 'text', mediaType: 'text/plain', description: 'ready' },
  problems: { 503: 'The warehouse or the log cannot be reached' },
  anyHost: true,
});

export const getMetrics = route({
  id: 'metrics',
  method: 'get',
  path: '/metrics',
  right: 'metrics.read',
  summary: 'Metrics for Prometheus',
  answer: { kind: 'text', mediaType: 'text/plain', description: 'Exposition format' },
});

export const healthRoutes = [getHealth, getReadiness, getMetrics] as const;
