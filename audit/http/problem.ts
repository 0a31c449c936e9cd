/** Problems as RFC 9457 documents: they say what the client can correct, and nothing about the server's internals. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Problem } from '../../schemas/api/contract/problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

type FieldErrors = NonNullable<Problem['errors']>;

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: FieldErrors;
  readonly retryAfterSeconds?: number;
  /** The `WWW-Authenticate` header. */
  readonly challenge?: string;
}

/** A problem as the answer of a handler. */
export class ProblemAnswer {
  readonly status: number;
  readonly options: ProblemOptions;
  constructor(status: number, options: ProblemOptions = {}) {
    this.status = status;
    this.options = options;
  }
}

/** Names the fields of a request that are wrong. */
export function badFields(errors: FieldErrors): ProblemAnswer {
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new ProblemAnswer(400, { detail, errors });
}

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function sendProblem(response: ServerResponse, status: number, options: ProblemOptions = {}): void {
  const { retryAfterSeconds, challenge } = options;
  const text = JSON.stringify(problemOf(status, options));
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  if (challenge !== undefined) response.setHeader('WWW-Authenticate', challenge);
  response.setHeader('Content-Type', PROBLEM_TYPE);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}

/** @param allowed the methods that the resource accepts, GET among them */
export function sendNotAllowed(response: ServerResponse, allowed: readonly string[] = ['GET', 'HEAD']): void {
  const methods = allowed.join(', ');
  response.setHeader('Allow', methods);
  const onlyRead = allowed.every((method) => method === 'GET' || method === 'HEAD');
  sendProblem(response, 405, {
    detail: onlyRead ? 'This resource can only be read' : `This resource accepts ${methods}`,
  });
}

/** A whole HTTP message, for a connection on which no request could be read; it is the last one there. */
export function problemMessage(status: number, detail: string): string {
  const problem = problemOf(status, { detail });
  const text = JSON.stringify(problem);
  const headers = [
    ...SECURITY_HEADERS,
    ['Content-Type', PROBLEM_TYPE],
    ['Content-Length', Buffer.byteLength(text)],
    ['Connection', 'close'],
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${problem.title}\r\n${lines}\r\n${text}`;
}

function problemOf(status: number, { detail, errors }: ProblemOptions): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
  };
}
