/** Answers `/v1/sessions`. */
import { getSession, listSessions } from '../../schemas/api/sessions.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';
import { listing } from '../http/listing.ts';
import { ProblemAnswer } from '../http/problem.ts';

export const sessionHandlers = ({ queries }: AuditContext) => [
  handle(listSessions, async ({ query: { cursor, ...filter } }) => listing(await queries.listSessions(filter, cursor))),

  handle(getSession, async ({ query: { tenant }, parameters: { sessionId } }) => {
    const detail = await queries.findSession(tenant, sessionId);
    return detail ?? new ProblemAnswer(404, { detail: 'No such session' });
  }),
];
