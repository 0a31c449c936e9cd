/** Reads the audit API; every way it can fail becomes one ApiError that a screen can act on. */
import type { Problem } from '../../../../schemas/api/contract/problem.ts';

export type Failure =
  /** The request was wrong: a filter the server does not take. */
  | 'bad-request'
  /** Credentials or rights are missing. */
  | 'refused'
  | 'not-found'
  /** More than the server answers at once, or in time. */
  | 'too-large'
  /** The server, or the way to it, is down or busy: worth trying again. */
  | 'unavailable'
  /** The server failed, or answered something that is not its contract. */
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

type IsShape = (value: Readonly<Record<string, unknown>>) => boolean;

export type Params = Readonly<Record<string, string | number | undefined>>;

export function urlOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/**
 * @param isShape the least that the screens rely on; an answer without it is treated as broken rather than rendered
 * @throws ApiError
 */
export function getJson<T>(url: string, isShape: IsShape, signal: AbortSignal): Promise<T> {
  return ask(url, isShape, { signal, headers: { accept: 'application/json' } });
}

/**
 * A request that changes something; it has no body.
 *
 * @throws ApiError
 */
export function sendJson<T>(
  method: 'POST' | 'DELETE',
  url: string,
  isShape: IsShape,
  headers: Readonly<Record<string, string>>,
): Promise<T> {
  return ask(url, isShape, { method, headers: { accept: 'application/json', ...headers } });
}

async function ask<T>(url: string, isShape: IsShape, request: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { ...request, credentials: 'same-origin' });
  } catch (error) {
    if (request.signal?.aborted === true) throw error;
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
