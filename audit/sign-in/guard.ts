/** Decides with every request who may read what, so that a revoked credential and an ended sign-in stop reading at once. */
import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Metrics } from '../../platform/metrics.ts';
import type { Authentication } from '../../access/authentication.ts';
import { type Client, mayRead } from '../../access/client.ts';
import { type Denial, STATUS_OF_DENIAL } from '../../access/denial.ts';
import { denialOf } from '../../access/rights.ts';
import type { Right } from '../../schemas/api/rights.ts';
import { sendProblem } from '../http/problem.ts';
import { signInIdOf } from './cookie.ts';
import type { SignIns } from './sign-ins.ts';

export type Judged =
  | { readonly kind: 'client'; readonly client: Client }
  | { readonly kind: 'refused'; readonly status: 401 | 403 | 421; readonly reason: Refused; readonly detail: string };

type Refused = 'none' | 'unknown' | 'use' | 'tenant' | 'page';

export interface Guard {
  /** Passes on requests of clients that have the right; refuses others. */
  readonly of: (right: Right) => RequestHandler;
  readonly judge: (request: IncomingMessage, right: Right) => Judged;
  /**
   * The tenant that a request is about.
   *
   * @param asked the tenant that it names; without one, the client's own
   * @returns undefined after the refusal has been sent
   */
  readonly tenantOf: (request: IncomingMessage, response: Response, asked: string | undefined) => string | undefined;
  /** Whether an answer that was begun for this tenant may go on. */
  readonly mayGoOn: (request: IncomingMessage, tenant: string) => boolean;
  readonly refuse: (response: Response, refusal: Extract<Judged, { kind: 'refused' }>) => void;
}

export interface GuardDeps {
  readonly access: Authentication;
  readonly signIns: SignIns;
  readonly metrics: Metrics;
}

export function createGuard({ access, signIns, metrics }: GuardDeps): Guard {
  const refusals = metrics.counter(
    'audit_refusals_total',
    'Requests without the credential, the use or the tenant they need',
    ['reason'],
  );

  /** The client that a cookie signs in, as long as its credential is valid. */
  const signedIn = (cookie: string | undefined): Client | undefined => {
    const id = signInIdOf(cookie);
    const signIn = id === undefined ? undefined : signIns.find(id);
    return signIn === undefined ? undefined : access.byKey(signIn.key);
  };
  const judge: Guard['judge'] = ({ headers: { authorization, cookie } }, right) => {
    const client = authorization === undefined ? signedIn(cookie) : undefined;
    const authenticated =
      client === undefined ? access.authenticate({ authorization }) : { kind: 'client' as const, client };
    if (authenticated.kind === 'denied')
      return refusalOf(authenticated, authorization === undefined ? 'none' : 'unknown');
    const denial = denialOf(authenticated.client, right);
    return denial === undefined ? authenticated : refusalOf(denial, authenticated.client.isAnonymous ? 'none' : 'use');
  };
  const refuse: Guard['refuse'] = (response, { status, reason, detail }) => {
    refusals.inc({ reason });
    // Basic is accepted but not announced: browsers would ask for a password before the page does.
    if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="vigil"');
    sendProblem(response, status, { detail });
  };
  const mayReadTenant = (judged: Judged, tenant: string): boolean =>
    judged.kind === 'client' && mayRead(judged.client, tenant);

  return {
    judge,
    refuse,
    of: (right) => (request, response, next) => {
      const judged = judge(request, right);
      if (judged.kind === 'refused') refuse(response, judged);
      else next();
    },
    tenantOf: (request, response, asked) => {
      const judged = judge(request, 'events.read');
      if (judged.kind === 'refused') {
        refuse(response, judged);
        return undefined;
      }
      const tenant = asked ?? judged.client.tenant;
      if (mayReadTenant(judged, tenant)) return tenant;
      // The answer is the same for tenants that exist and for those that do not.
      refuse(response, {
        kind: 'refused',
        status: 403,
        reason: 'tenant',
        detail: 'This credential does not read that tenant',
      });
      return undefined;
    },
    mayGoOn: (request, tenant) => mayReadTenant(judge(request, 'events.read'), tenant),
  };
}

function refusalOf({ reason, message }: Denial, counted: Refused): Extract<Judged, { kind: 'refused' }> {
  const detail = message.charAt(0).toUpperCase() + message.slice(1);
  return { kind: 'refused', status: STATUS_OF_DENIAL[reason], reason: counted, detail };
}
