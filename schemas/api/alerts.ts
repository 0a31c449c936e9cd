/** `/v1/alerts`: the alerts of a tenant, and one alert with its evidence. */
import { z } from 'zod';
import { AgentEvent } from '../records/agent-event.ts';
import { Alert, Severity } from '../records/alert.ts';
import { cursor, instant, limit, oneOrMore, order, pageOf, tenant, TenantQuery } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';

export const AlertsQuery = z.strictObject({
  tenant,
  from: instant.describe('Alerts whose latest evidence is at or after this instant'),
  to: instant.describe('Alerts whose latest evidence is before this instant'),
  severity: oneOrMore(Severity).describe('One severity or several, separated by commas'),
  detectionId: z.string().min(1).max(128).optional().describe('Detection that raised the alert'),
  entity: z.string().min(1).max(1024).optional().describe('Id of the entity that the alert is about, exact match'),
  order,
  limit,
  cursor,
});

export const AlertList = pageOf(Alert);
export type AlertList = z.infer<typeof AlertList>;

export const AlertDetail = z.strictObject({
  alert: Alert,
  events: z.array(AgentEvent).describe('The events that the evidence names'),
  missingEventIds: z.array(z.string()).describe('Events that the evidence names and that retention has deleted'),
});
export type AlertDetail = z.infer<typeof AlertDetail>;

export const listAlerts = route({
  id: 'listAlerts',
  method: 'get',
  path: '/v1/alerts',
  right: 'alerts.read',
  summary: 'Alerts, latest evidence first, or last with order=oldest',
  query: AlertsQuery,
  answer: json('AlertList', AlertList),
  readsWarehouse: true,
});

export const getAlert = route({
  id: 'getAlert',
  method: 'get',
  path: '/v1/alerts/{alertId}',
  right: 'alerts.read',
  summary: 'One alert with the events of its evidence',
  parameters: z.strictObject({
    alertId: z
      .string()
      .regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits')
      .describe('Id of the alert'),
  }),
  query: TenantQuery,
  answer: json('AlertDetail', AlertDetail),
  readsWarehouse: true,
});

export const alertRoutes = [listAlerts, getAlert] as const;
