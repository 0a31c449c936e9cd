/** `/v1/sign-in`: who reads here, and for browsers a cookie in place of the token (docs/decisions/0014). */
import type { Request, Response, Router } from 'express';
import type { Client } from '../../access/client.ts';
import { NoQuery, type SignInState } from '../../schemas/api/api.ts';
import type { AuditContext } from '../context.ts';
import { queryOf } from '../http/parse-query.ts';
import { cookieOf, NO_COOKIE, signInIdOf } from '../sign-in/cookie.ts';
import { isOfOwnPage } from '../sign-in/own-page.ts';
import type { SignIns } from '../sign-in/sign-ins.ts';
import { sendProblem } from '../http/problem.ts';

export interface SignInDeps extends Pick<AuditContext, 'guard' | 'log'> {
  readonly signIns: SignIns;
  readonly now: () => number;
}

export function signInRoutes(router: Router, deps: SignInDeps): void {
  const { guard, signIns, log, now } = deps;

  /** Told to everybody, since the page has to know whether to ask. */
  const tell = (request: Request, response: Response): void => {
    if (queryOf(NoQuery, request, response) === undefined) return;
    const judged = guard.judge(request, 'events.read');
    if (judged.kind === 'refused') response.json({ state: 'signed_out' } satisfies SignInState);
    else if (judged.client.isAnonymous) response.json({ state: 'open' } satisfies SignInState);
    else {
      const id = signInIdOf(request.headers.cookie);
      response.json(stateOf(judged.client, id === undefined ? undefined : signIns.find(id)?.endsAt));
    }
  };

  const signIn = (request: Request, response: Response): void => {
    if (!fromOwnPage(request, response)) return;
    const judged = guard.judge(request, 'events.read');
    // A cookie alone is nobody's word: it is what this gives.
    if (judged.kind === 'refused') guard.refuse(response, judged);
    else if (request.headers.authorization === undefined || judged.client.credential === undefined)
      guard.refuse(response, { kind: 'refused', status: 401, reason: 'none', detail: 'A credential is needed' });
    else {
      const { client } = judged;
      close(request);
      const { id, endsAt } = signIns.open(judged.client.credential);
      log.info('signed in', { tenant: client.tenant, sender: client.sender });
      response.set('Set-Cookie', cookieOf(id, endsAt - now())).json(stateOf(client, endsAt));
    }
  };

  const signOut = (request: Request, response: Response): void => {
    if (!fromOwnPage(request, response)) return;
    close(request);
    response.set('Set-Cookie', NO_COOKIE).json({ state: 'signed_out' } satisfies SignInState);
  };

  const close = ({ headers }: Request): void => {
    const id = signInIdOf(headers.cookie);
    if (id !== undefined) signIns.close(id);
  };
  const fromOwnPage = (request: Request, response: Response): boolean => {
    if (isOfOwnPage(request)) return true;
    guard.refuse(response, {
      kind: 'refused',
      status: 403,
      reason: 'page',
      detail: 'Only this server’s own page signs in and out; programs send their token with each request',
    });
    return false;
  };

  router
    .route('/v1/sign-in')
    .get(tell)
    .post(signIn)
    .delete(signOut)
    .all((_request, response) => {
      response.set('Allow', 'GET, HEAD, POST, DELETE');
      sendProblem(response, 405, { detail: 'GET tells who is signed in, POST signs in, DELETE signs out' });
    });
}

function stateOf({ sender, tenant, reads }: Client, endsAt: number | undefined): SignInState {
  const told = { state: 'signed_in' as const, sender, tenant, reads: [...reads] };
  return endsAt === undefined ? told : { ...told, endsAt };
}
