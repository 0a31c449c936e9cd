/** `/v1/sign-in`: who is signed in; a browser gets a cookie in place of its token (docs/decisions/0014). */
import { z } from 'zod';
import { UnixMs } from '../records/scalars.ts';
import { NoQuery } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';

const PATH = '/v1/sign-in';

export const SignInState = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('open').describe('Nobody needs a credential, as on loopback') }),
  z.strictObject({ state: z.literal('signed_out').describe('A credential is needed') }),
  z.strictObject({
    state: z.literal('signed_in'),
    sender: z.string().describe('Client that the credential belongs to'),
    tenant: z.string().describe('Its own tenant, used for requests that name none'),
    reads: z.array(z.string()).describe('Other tenants that it may read; `*` is every tenant'),
    endsAt: UnixMs.optional().describe('When the sign-in ends; absent without a sign-in'),
  }),
]);
export type SignInState = z.infer<typeof SignInState>;

export const getSignIn = route({
  id: 'whoReads',
  method: 'get',
  path: PATH,
  right: 'none',
  summary: 'Whether a sign-in is needed, and who is signed in',
  query: NoQuery,
  answer: json('SignInState', SignInState),
});

export const signIn = route({
  id: 'signIn',
  method: 'post',
  path: PATH,
  right: 'events.read',
  summary: 'Gives a browser a cookie for the credential of the request',
  description:
    'Only the console of this server may send it. Programs send their credential with each request and need no sign-in.',
  answer: json('SignInState', SignInState),
  onlyOwnPage: true,
});

export const signOut = route({
  id: 'signOut',
  method: 'delete',
  path: PATH,
  right: 'none',
  summary: 'Ends the sign-in of the cookie',
  description: 'Only the console of this server may send it.',
  answer: json('SignInState', SignInState),
  onlyOwnPage: true,
});

export const signInRoutes = [getSignIn, signIn, signOut] as const;
