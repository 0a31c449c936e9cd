/** Answers to what went wrong, as RFC 9457 problem documents: what the caller can mend, and nothing about our insides. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Problem } from '../schemas/api.ts';

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: NonNullable<Problem['errors']>;
  readonly retryAfterSeconds?: number;
}

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function sendProblem(response: ServerResponse, status: number, options: ProblemOptions = {}): void {
  const { detail, errors, retryAfterSeconds } = options;
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
  };
  const text = JSON.stringify(problem);
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  response.setHeader('Content-Type', PROBLEM_TYPE);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}

/** One wrong field of a request: 400. */
export function sendBadField(response: ServerResponse, field: string, message: string): void {
  sendProblem(response, 400, { detail: `${field}: ${message}`, errors: [{ field, message }] });
}
