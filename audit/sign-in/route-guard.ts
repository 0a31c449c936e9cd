/** Decides which requests may use a right. It judges each request anew, so a revoked credential and an ended sign-in stop at once. */
import type { IncomingMessage } from 'node:http';
import type { Authentication } from '../../access/authentication.ts';
import { type Client, mayRead } from '../../access/client.ts';
import { CREDENTIAL_NEEDED, type Denial, STATUS_OF_DENIAL } from '../../access/denial.ts';
import { denialOf } from '../../access/rights.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Right } from '../../schemas/api/rights.ts';
import { ProblemAnswer } from '../http/problem.ts';
import { signInIdOf } from './cookie.ts';
import type { SignIns } from './sign-ins.ts';

export interface Allowed {
  readonly kind: 'client';
  readonly client: Client;
}

export interface Denied {
  readonly kind: 'denied';
  readonly status: (typeof STATUS_OF_DENIAL)[keyof typeof STATUS_OF_DENIAL];
  readonly reason: 'none' | 'unknown' | 'use' | 'tenant' | 'page';
  readonly detail: string;
}

export interface RouteGuard {
  /** @param rights one of them is enough */
  readonly judge: (request: IncomingMessage, ...rights: readonly Right[]) => Allowed | Denied;
  /** @param asked the tenant that the request names; default: the client's own */
  readonly tenantOf: (client: Client, asked: string | undefined) => string | Denied;
  /** Whether a stream about the tenant may continue. */
  readonly mayGoOn: (request: IncomingMessage, right: Right, tenant: string) => boolean;
  /** Counts the refusal. */
  readonly refuse: (denied: Denied) => ProblemAnswer;
}

export interface RouteGuardDeps {
  readonly access: Authentication;
  readonly signIns: SignIns;
  readonly metrics: Metrics;
}

export const NO_CREDENTIAL = deniedAs('none', CREDENTIAL_NEEDED);

export function createRouteGuard({ access, signIns, metrics }: RouteGuardDeps): RouteGuard {
  const refusals = metrics.counter(
    'audit_refusals_total',
    'Requests without the credential, the use or the tenant they need',
    ['reason'],
  );

  /** The client that a cookie signs in, for as long as its credential is valid. */
  const signedIn = (cookie: string | undefined): Client | undefined => {
    const id = signInIdOf(cookie);
    const signIn = id === undefined ? undefined : signIns.find(id);
    return signIn === undefined ? undefined : access.byKey(signIn.key);
  };
  const judge: RouteGuard['judge'] = ({ headers: { authorization, cookie } }, ...rights) => {
    const fromCookie = authorization === undefined ? signedIn(cookie) : undefined;
    const judged: Allowed | Denial =
      fromCookie === undefined ? access.authenticate({ authorization }) : { kind: 'client', client: fromCookie };
    if (judged.kind === 'denied') return deniedAs(authorization === undefined ? 'none' : 'unknown', judged);
    const denial = denialOf(judged.client, ...rights);
    return denial === undefined ? judged : deniedAs(judged.client.isAnonymous ? 'none' : 'use', denial);
  };

  return {
    judge,
    tenantOf: (client, asked) => {
      const tenant = asked ?? client.tenant;
      if (mayRead(client, tenant)) return tenant;
      // The same answer whether or not the tenant exists.
      return { kind: 'denied', status: 403, reason: 'tenant', detail: 'This credential does not read that tenant' };
    },
    mayGoOn: (request, right, tenant) => {
      const judged = judge(request, right);
      return judged.kind === 'client' && mayRead(judged.client, tenant);
    },
    refuse: ({ status, reason, detail }) => {
      refusals.inc({ reason });
      // Basic is accepted too, but naming it would make browsers ask for a password before the page does.
      return new ProblemAnswer(status, { detail, ...(status === 401 && { challenge: 'Bearer realm="vigil"' }) });
    },
  };
}

function deniedAs(reason: Denied['reason'], { reason: cause, message }: Denial): Denied {
  const detail = message.charAt(0).toUpperCase() + message.slice(1);
  return { kind: 'denied', status: STATUS_OF_DENIAL[cause], reason, detail };
}
