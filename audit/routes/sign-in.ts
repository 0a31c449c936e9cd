/** Answers `/v1/sign-in`: who is signed in, and for browsers a cookie in place of the token (docs/decisions/0014). */
import type { IncomingMessage } from 'node:http';
import type { Client } from '../../access/client.ts';
import { getSignIn, signIn, type SignInState, signOut } from '../../schemas/api/sign-in.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';
import { cookieOf, NO_COOKIE, signInIdOf } from '../sign-in/cookie.ts';
import { NO_CREDENTIAL } from '../sign-in/route-guard.ts';

export const signInHandlers = ({ guard, signIns, log, now }: AuditContext) => {
  const close = ({ headers }: IncomingMessage): void => {
    const id = signInIdOf(headers.cookie);
    if (id !== undefined) signIns.close(id);
  };
  return [
    // Everyone gets an answer, since the page has to know whether to ask for a token.
    handle(getSignIn, ({ request }): SignInState => {
      const judged = guard.judge(request, signIn.right);
      if (judged.kind === 'denied') return { state: 'signed_out' };
      if (judged.client.isAnonymous) return { state: 'open' };
      const id = signInIdOf(request.headers.cookie);
      return stateOf(judged.client, id === undefined ? undefined : signIns.find(id)?.endsAt);
    }),

    handle(signIn, ({ client, request, response }) => {
      // A cookie alone must not prolong itself.
      if (client?.credential === undefined || request.headers.authorization === undefined)
        return guard.refuse(NO_CREDENTIAL);
      close(request);
      const { id, endsAt } = signIns.open(client.credential);
      log.info('signed in', { tenant: client.tenant, sender: client.sender });
      response.set('Set-Cookie', cookieOf(id, endsAt - now()));
      return stateOf(client, endsAt);
    }),

    handle(signOut, ({ request, response }): SignInState => {
      close(request);
      response.set('Set-Cookie', NO_COOKIE);
      return { state: 'signed_out' };
    }),
  ];
};

function stateOf({ sender, tenant, reads }: Client, endsAt: number | undefined): SignInState {
  const state = { state: 'signed_in' as const, sender, tenant, reads: [...reads] };
  return endsAt === undefined ? state : { ...state, endsAt };
}
