/** Decides which requests may use a right. It judges each request anew, so a revoked credential and an ended sign-in stop at once. */
import type { IncomingMessage } from 'node:http';
import { type Reader, type Readers, mayRead } from '../../access/readers.ts';
import { hasRight } from '../../access/rights.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Right } from '../../schemas/api/rights.ts';
import { ProblemAnswer } from '../http/problem.ts';
import { signInIdOf } from './cookie.ts';
import type { SignIns } from './sign-ins.ts';

export type Allowed =
  /** The right needs no credential here. */
  { readonly kind: 'open' } | { readonly kind: 'reader'; readonly reader: Reader };

export interface Denied {
  readonly kind: 'denied';
  readonly status: 401 | 403;
  readonly reason: 'none' | 'unknown' | 'use' | 'tenant' | 'page';
  readonly detail: string;
}

export interface RouteGuard {
  /** Whether requests without a credential may use the right. */
  readonly isOpenTo: (right: Right) => boolean;
  /** @param rights one of them is enough */
  readonly judge: (request: IncomingMessage, ...rights: readonly Right[]) => Allowed | Denied;
  /** @param asked the tenant that the request names; default: the reader's own, or the server's */
  readonly tenantOf: (allowed: Allowed, asked: string | undefined) => string | Denied;
  /** Whether a stream about the tenant may continue. */
  readonly mayGoOn: (request: IncomingMessage, right: Right, tenant: string) => boolean;
  /** Counts the refusal. */
  readonly refuse: (denied: Denied) => ProblemAnswer;
}

export interface RouteGuardDeps {
  readonly readers: Readers;
  readonly signIns: SignIns;
  readonly metrics: Metrics;
  /** Tenant of requests that name none and need no credential. */
  readonly tenant: string;
}

const DETAILS = {
  read: 'This credential does not read the audit API; vigil tokens create --for read makes one that does',
  metrics: 'This credential does not read metrics; vigil tokens create --for metrics makes one that does',
} as const;
const USES = ['read', 'metrics'] as const;
const useFor = (right: Right): (typeof USES)[number] | undefined => USES.find((use) => hasRight(use, right));

export const NO_CREDENTIAL: Denied = { kind: 'denied', status: 401, reason: 'none', detail: 'A credential is needed' };

export function createRouteGuard({ readers, signIns, metrics, tenant: own }: RouteGuardDeps): RouteGuard {
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
  const isOpenTo: RouteGuard['isOpenTo'] = (right) => {
    const use = useFor(right);
    return use !== undefined && readers.isOpenTo(use);
  };
  const judge: RouteGuard['judge'] = (request, ...rights) => {
    const reader = readerOf(request);
    if (typeof reader === 'string') return { kind: 'denied', status: 401, reason: 'unknown', detail: reader };
    if (reader === undefined) return rights.some(isOpenTo) ? { kind: 'open' } : NO_CREDENTIAL;
    if (rights.some((right) => hasRight(reader.use, right))) return { kind: 'reader', reader };
    const [use = 'read'] = rights.flatMap((right) => useFor(right) ?? []);
    return { kind: 'denied', status: 403, reason: 'use', detail: DETAILS[use] };
  };
  const mayReadTenant = (allowed: Allowed, tenant: string): boolean =>
    allowed.kind === 'open' || mayRead(allowed.reader, tenant);

  return {
    isOpenTo,
    judge,
    tenantOf: (allowed, asked) => {
      const tenant = asked ?? (allowed.kind === 'reader' ? allowed.reader.tenant : own);
      if (mayReadTenant(allowed, tenant)) return tenant;
      // The same answer whether or not the tenant exists.
      return { kind: 'denied', status: 403, reason: 'tenant', detail: 'This credential does not read that tenant' };
    },
    mayGoOn: (request, right, tenant) => {
      const judged = judge(request, right);
      return judged.kind !== 'denied' && mayReadTenant(judged, tenant);
    },
    refuse: ({ status, reason, detail }) => {
      refusals.inc({ reason });
      // Basic is accepted too, but naming it would make browsers ask for a password before the page does.
      return new ProblemAnswer(status, { detail, ...(status === 401 && { challenge: 'Bearer realm="vigil"' }) });
    },
  };
}
