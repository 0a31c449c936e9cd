/** Answers to what went wrong, as RFC 9457 problem documents: what the caller can mend, and nothing about our insides. */
import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';
import type { Problem } from '../schemas/api.ts';

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: NonNullable<Problem['errors']>;
  readonly retryAfterSeconds?: number;
}

export function sendProblem(response: Response, status: number, options: ProblemOptions = {}): void {
  const { detail, errors, retryAfterSeconds } = options;
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
  };
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  response.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** One wrong field of a request: 400. */
export function sendBadField(response: Response, field: string, message: string): void {
  sendProblem(response, 400, { detail: `${field}: ${message}`, errors: [{ field, message }] });
}
