/** Answers to what went wrong, as RFC 9457 problem documents: what the caller can mend, and nothing about our insides. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Problem } from '../../schemas/api/contract/problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: NonNullable<Problem['errors']>;
  readonly retryAfterSeconds?: number;
}

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function sendProblem(response: ServerResponse, status: number, options: ProblemOptions = {}): void {
  const { retryAfterSeconds } = options;
  const text = JSON.stringify(problemOf(status, options));
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  response.setHeader('Content-Type', PROBLEM_TYPE);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}

/** Wrong fields of a request: 400. */
export function sendBadFields(response: ServerResponse, errors: NonNullable<Problem['errors']>): void {
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  sendProblem(response, 400, { detail, errors });
}

/** A whole HTTP message, for connections on which no request could be read; it is the last one on them. */
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
