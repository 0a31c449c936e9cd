/** Asks the audit API, typed by its contracts. Every failure becomes an ApiError that a screen can act on. */
import type { Problem } from '../../../../schemas/api/contract/problem.ts';
import type { AnswerOf, ParametersOf, QueryOf, RouteContract } from '../../../../schemas/api/contract/route.ts';
import type { Route } from '../../../../schemas/api/index.ts';

export type Failure =
  /** The server rejects the request, for example an unknown filter. */
  | 'bad-request'
  /** Credentials or rights are missing. */
  | 'refused'
  | 'not-found'
  /** The request is too large for the server. */
  | 'too-large'
  /** The server cannot be reached or is busy; a retry may succeed. */
  | 'unavailable'
  /** The server failed, or its answer does not match the contract. */
  | 'broken';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: Failure;
  /** 0 where no answer came. */
  readonly status: number;
  readonly problem: Partial<Problem>;
  constructor(failure: Failure, status: number, problem: Partial<Problem>) {
    super(problem.title ?? failure);
    this.failure = failure;
    this.status = status;
    this.problem = problem;
  }
}

/** The console imports the contracts as types only, so that neither they nor zod are in its bundle. */
type PathOf<M extends Route['method']> = Extract<Route, { readonly method: M }>['path'];
type RouteAt<M extends Route['method'], P extends Route['path']> = Extract<
  Route,
  { readonly method: M; readonly path: P }
>;

type Target<C extends RouteContract> = {
  /** Only what the contract's query accepts; undefined is left out. */
  readonly query?: { readonly [K in keyof QueryOf<C>]?: string | number | undefined };
} & (keyof ParametersOf<C> extends never
  ? unknown
  : { readonly parameters: { readonly [K in keyof ParametersOf<C>]: string } });

type IsShape = (body: Readonly<Record<string, unknown>>) => boolean;

type Asked<C extends RouteContract> = Target<C> & {
  /** The least that the screens rely on. An answer without it is treated as broken rather than rendered. */
  readonly isShape: IsShape;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** @throws ApiError */
export function get<P extends PathOf<'get'>>(
  path: P,
  asked: Asked<RouteAt<'get', P>>,
): Promise<AnswerOf<RouteAt<'get', P>>> {
  return ask('GET', path, asked);
}

/**
 * Sends a request that changes something; it has no body.
 *
 * @throws ApiError
 */
export function send<M extends 'post' | 'delete', P extends PathOf<M>>(
  method: M,
  path: P,
  asked: Asked<RouteAt<M, P>>,
): Promise<AnswerOf<RouteAt<M, P>>> {
  return ask(method.toUpperCase(), path, asked);
}

/** The address of a `get` that the browser itself sends. */
export function urlOf<P extends PathOf<'get'>>(path: P, target: Target<RouteAt<'get', P>>): string {
  return addressOf(path, target);
}

/** What is left of a target once its contract has been checked. */
interface AnyTarget {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

function addressOf(path: string, { parameters = {}, query = {} }: AnyTarget): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? address : `${address}?${search.toString()}`;
}

interface AnyAsked extends AnyTarget {
  readonly isShape: IsShape;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function ask<T>(method: string, path: string, asked: AnyAsked): Promise<T> {
  const { isShape, headers, signal } = asked;
  let response: Response;
  try {
    response = await fetch(addressOf(path, asked), {
      method,
      headers: { accept: 'application/json', ...headers },
      ...(signal !== undefined && { signal }),
      credentials: 'same-origin',
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError('unavailable', 0, { title: 'The audit API cannot be reached' });
  }
  const body: unknown = await response.json().catch(() => undefined);
  const record = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : undefined;
  if (!response.ok) throw new ApiError(failureOf(response.status), response.status, problemOf(record, response));
  if (record === undefined || !isShape(record))
    throw new ApiError('broken', response.status, { title: 'The answer is not what the audit API promises' });
  return body as T;
}

function failureOf(status: number): Failure {
  if (status === 401 || status === 403) return 'refused';
  if (status === 404 || status === 410) return 'not-found';
  if (status === 413) return 'too-large';
  if (status === 408 || status === 429 || status === 502 || status === 503 || status === 504) return 'unavailable';
  return status >= 400 && status < 500 ? 'bad-request' : 'broken';
}

function problemOf(body: Readonly<Record<string, unknown>> | undefined, response: Response): Partial<Problem> {
  const title = body?.['title'];
  const detail = body?.['detail'];
  const errors = body?.['errors'];
  return {
    title: typeof title === 'string' ? title : `HTTP ${response.status}`,
    ...(typeof detail === 'string' && { detail }),
    ...(Array.isArray(errors) && {
      errors: errors.flatMap((one: unknown) => {
        const { field, message } = (one ?? {}) as Readonly<Record<string, unknown>>;
        return typeof field === 'string' && typeof message === 'string' ? [{ field, message }] : [];
      }),
    }),
  };
}
