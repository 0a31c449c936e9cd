/** Answers `/v1/alerts`. */
import { getAlert, listAlerts } from '../../schemas/api/alerts.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';
import { listing } from '../http/listing.ts';
import { ProblemAnswer } from '../http/problem.ts';

export const alertHandlers = ({ queries }: AuditContext) => [
  handle(listAlerts, async ({ query: { cursor, ...filter } }) => listing(await queries.listAlerts(filter, cursor))),

  handle(getAlert, async ({ query: { tenant }, parameters: { alertId } }) => {
    const detail = await queries.findAlert(tenant, alertId);
    return detail ?? new ProblemAnswer(404, { detail: 'No such alert' });
  }),
];
