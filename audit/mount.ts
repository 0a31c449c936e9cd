/** Mounts routes with all that their contracts say: method, right, tenant, parameters, load, content type and problems. */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Client } from '../access/client.ts';
import { isAboutTenant, type RouteContract } from '../schemas/api/contract/route.ts';
import type { Right } from '../schemas/api/rights.ts';
import type { HandledRoute } from './http/handle.ts';
import { parseParameters, parseQuery } from './http/parse-parameters.ts';
import { ProblemAnswer, sendNotAllowed, sendProblem } from './http/problem.ts';
import { isOfOwnPage } from './sign-in/own-page.ts';
import { NO_CREDENTIAL, type RouteGuard } from './sign-in/route-guard.ts';

/** Requests that wait for the warehouse at a time; the server asks others to come back later. */
const MAX_WAITING = 64;

export function mount(routes: readonly HandledRoute[], guard: RouteGuard): Router {
  const router = Router({ caseSensitive: true });
  const limit = createLimit();
  for (const route of routes) {
    const { contract } = route;
    router[contract.method](expressPath(contract), async (request, response) => {
      send(response, contract, await answer(route, { guard, limit }, request, response));
    });
  }
  const contracts = routes.map(({ contract }) => contract);
  for (const path of new Set(contracts.map(expressPath))) {
    const ofPath = contracts.filter((contract) => expressPath(contract) === path);
    const methods = ofPath.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    router.all(path, onlyWithOneOf(ofPath, guard), (_request, response) => sendNotAllowed(response, methods));
  }
  // A client without any right does not learn which resources exist.
  const isHidden = ({ path, right }: RouteContract): boolean => path.startsWith('/v1/') && right !== 'none';
  router.use('/v1', onlyWithOneOf(contracts.filter(isHidden), guard));
  return router;
}

/** The path as Express writes it. */
export const expressPath = ({ path }: Pick<RouteContract, 'path'>): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

interface Checks {
  readonly guard: RouteGuard;
  readonly limit: (response: Response) => boolean;
}

function answer(
  { contract, handler }: HandledRoute,
  { guard, limit }: Checks,
  request: Request,
  response: Response,
): unknown {
  const client = allow(contract, guard, request);
  if (client instanceof ProblemAnswer) return client;
  if (contract.readsWarehouse === true && !limit(response))
    return new ProblemAnswer(503, { detail: 'Too many requests are waiting for the warehouse', retryAfterSeconds: 2 });
  const query = queryOf(contract, guard, client, request);
  if (query instanceof ProblemAnswer) return query;
  const parameters = contract.parameters === undefined ? {} : parseParameters(contract.parameters, request.params);
  if (parameters instanceof ProblemAnswer) return parameters;
  return handler({ query, parameters, client, request, response });
}

/** The client that may use the route; undefined for a route that needs no right. */
function allow(
  { right, onlyOwnPage }: RouteContract,
  guard: RouteGuard,
  request: Request,
): Client | undefined | ProblemAnswer {
  if (onlyOwnPage === true && !isOfOwnPage(request)) {
    const detail = 'Only this server’s own page may send this; programs send their token with each request';
    return guard.refuse({ kind: 'denied', status: 403, reason: 'page', detail });
  }
  if (right === 'none') return undefined;
  const judged = guard.judge(request, right);
  return judged.kind === 'denied' ? guard.refuse(judged) : judged.client;
}

/** The query, with the tenant whose data it is about. */
function queryOf(
  contract: RouteContract,
  guard: RouteGuard,
  client: Client | undefined,
  request: Request,
): Readonly<Record<string, unknown>> | ProblemAnswer {
  if (contract.query === undefined) return {};
  const query = parseQuery(contract.query, request.originalUrl.split('?').slice(1).join('?'));
  if (query instanceof ProblemAnswer || !isAboutTenant(contract)) return query;
  const { tenant: asked } = query as { readonly tenant?: string };
  const tenant = client === undefined ? NO_CREDENTIAL : guard.tenantOf(client, asked);
  return typeof tenant === 'string' ? { ...query, tenant } : guard.refuse(tenant);
}

function send(response: Response, { answer: { kind, ...promised } }: RouteContract, answered: unknown): void {
  if (answered instanceof ProblemAnswer) sendProblem(response, answered.status, answered.options);
  else if (kind === 'json') response.json(answered);
  else if (kind === 'text' && 'mediaType' in promised) {
    if (response.get('Content-Type') === undefined) response.type(promised.mediaType);
    response.send(answered);
  }
}

function onlyWithOneOf(contracts: readonly RouteContract[], guard: RouteGuard): RequestHandler {
  const rights = contracts.map(({ right }) => right);
  const needed = rights.filter((right): right is Right => right !== 'none');
  const isForEveryone = needed.length < rights.length;
  return (request, response, next) => {
    const judged = isForEveryone ? undefined : guard.judge(request, ...needed);
    if (judged?.kind !== 'denied') {
      next();
      return;
    }
    const { status, options } = guard.refuse(judged);
    sendProblem(response, status, options);
  };
}

/** @returns a function that says whether one more request may wait until its response is closed */
function createLimit(): Checks['limit'] {
  let waiting = 0;
  return (response) => {
    if (waiting >= MAX_WAITING) return false;
    waiting += 1;
    response.on('close', () => {
      waiting -= 1;
    });
    return true;
  };
}
