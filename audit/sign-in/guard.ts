/** Who may read what, asked of every request anew: a credential that is revoked, a sign-in that has ended, read no more. */
import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Metrics } from '../../platform/metrics.ts';
import { type Reader, type Readers, type Reading, mayRead } from '../../access/readers.ts';
import { sendProblem } from '../http/problem.ts';
import { signInIdOf } from './cookie.ts';
import type { SignIns } from './sign-ins.ts';

export type Judged =
  /** Nobody has to say who they are. */
  | { readonly kind: 'open' }
  | { readonly kind: 'reader'; readonly reader: Reader }
  | { readonly kind: 'refused'; readonly status: 401 | 403; readonly reason: Refused; readonly detail: string };

type Refused = 'none' | 'unknown' | 'use' | 'tenant' | 'page';

export interface Guard {
  /** Lets through who may read it; answers others. */
  readonly of: (what: Reading) => RequestHandler;
  readonly judge: (request: IncomingMessage, what: Reading) => Judged;
  /**
   * Whose data a request is about.
   *
   * @param asked the tenant that it names; without one, the reader's own or that of the house
   * @returns undefined after the refusal has been sent
   */
  readonly tenantOf: (request: IncomingMessage, response: Response, asked: string | undefined) => string | undefined;
  /** Whether what was begun for this tenant may go on. */
  readonly mayGoOn: (request: IncomingMessage, tenant: string) => boolean;
  readonly refuse: (response: Response, refusal: Extract<Judged, { kind: 'refused' }>) => void;
}

export interface GuardDeps {
  readonly readers: Readers;
  readonly signIns: SignIns;
  readonly metrics: Metrics;
  /** Tenant of requests that name none and are nobody's. */
  readonly tenant: string;
}

const WANTED: Readonly<Record<Reading, string>> = {
  read: 'This credential does not read the audit API; vigil tokens create --for read makes one that does',
  metrics: 'This credential does not read metrics; vigil tokens create --for metrics makes one that does',
};

export function createGuard({ readers, signIns, metrics, tenant: own }: GuardDeps): Guard {
  const refusals = metrics.counter(
    'audit_refusals_total',
    'Requests without the credential, the use or the tenant they need',
    ['reason'],
  );

  const readerOf = ({ headers }: IncomingMessage): Reader | string | undefined => {
    const { authorization, cookie } = headers;
    if (authorization !== undefined) {
      const identified = readers.byAuthorization(authorization);
      return identified.kind === 'reader' ? identified.reader : identified.message;
    }
    const id = signInIdOf(cookie);
    const signIn = id === undefined ? undefined : signIns.find(id);
    return signIn === undefined ? undefined : readers.byKey(signIn.key);
  };
  const judge: Guard['judge'] = (request, what) => {
    const reader = readerOf(request);
    if (typeof reader === 'string') return { kind: 'refused', status: 401, reason: 'unknown', detail: reader };
    if (reader?.use === what) return { kind: 'reader', reader };
    if (reader !== undefined) return { kind: 'refused', status: 403, reason: 'use', detail: WANTED[what] };
    return readers.isOpenTo(what)
      ? { kind: 'open' }
      : { kind: 'refused', status: 401, reason: 'none', detail: 'A credential is needed' };
  };
  const refuse: Guard['refuse'] = (response, { status, reason, detail }) => {
    refusals.inc({ reason });
    // Not Basic, although that is taken: browsers would ask for a password before the page does.
    if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="vigil"');
    sendProblem(response, status, { detail });
  };
  const mayReadTenant = (judged: Judged, tenant: string): boolean =>
    judged.kind === 'open' || (judged.kind === 'reader' && mayRead(judged.reader, tenant));

  return {
    judge,
    refuse,
    of: (what) => (request, response, next) => {
      const judged = judge(request, what);
      if (judged.kind === 'refused') refuse(response, judged);
      else next();
    },
    tenantOf: (request, response, asked) => {
      const judged = judge(request, 'read');
      if (judged.kind === 'refused') {
        refuse(response, judged);
        return undefined;
      }
      const tenant = asked ?? (judged.kind === 'reader' ? judged.reader.tenant : own);
      if (mayReadTenant(judged, tenant)) return tenant;
      // The same for tenants that are there and those that are not.
      refuse(response, {
        kind: 'refused',
        status: 403,
        reason: 'tenant',
        detail: 'This credential does not read that tenant',
      });
      return undefined;
    },
    mayGoOn: (request, tenant) => mayReadTenant(judge(request, 'read'), tenant),
  };
}
