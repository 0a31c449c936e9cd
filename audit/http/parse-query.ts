/** Reads a request's query string by its schema; every wrong field is named. */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Problem } from '../../schemas/api/contract/problem.ts';
import { sendBadFields } from './problem.ts';

type FieldErrors = NonNullable<Problem['errors']>;
type ParsedQuery<T> =
  { readonly kind: 'query'; readonly query: T } | { readonly kind: 'invalid'; readonly errors: FieldErrors };

/** More than a list of wrong fields needs; a hostile request does not get a longer answer. */
const ERRORS = 20;

/** The query, or undefined after a 400 that names what is wrong with it. */
export function queryOf<S extends z.ZodType>(schema: S, request: Request, response: Response): z.output<S> | undefined {
  const parsed = parseQuery(schema, request.originalUrl.split('?').slice(1).join('?'));
  if (parsed.kind === 'query') return parsed.query;
  sendBadFields(response, parsed.errors);
  return undefined;
}

/** @param search what follows the question mark, as it was sent */
export function parseQuery<S extends z.ZodType>(schema: S, search: string): ParsedQuery<z.output<S>> {
  const given = new Map<string, string>();
  const errors: { field: string; message: string }[] = [];
  for (const pair of search.split('&').filter((part) => part !== '')) {
    const [sent = '', ...rest] = pair.split('=');
    const [name, value] = [decoded(sent), decoded(rest.join('='))];
    const field = clip(name ?? sent);
    if (name === undefined || value === undefined) errors.push({ field, message: 'is not percent-encoded UTF-8' });
    else if (given.has(name)) errors.push({ field, message: 'is given more than once' });
    else if (value === '') errors.push({ field, message: 'has no value' });
    if (name !== undefined) given.set(name, value ?? '');
  }
  if (errors.length === 0) {
    const parsed = schema.safeParse(Object.fromEntries(given));
    if (parsed.success) {
      const { from, to } = parsed.data as { readonly from?: number; readonly to?: number };
      if (from === undefined || to === undefined || from < to) return { kind: 'query', query: parsed.data };
      errors.push({ field: 'to', message: 'must be after from' });
    } else errors.push(...parsed.error.issues.flatMap(errorsOf));
  }
  // One word per field: that a number is both too large and too large for a safe integer tells nobody more.
  const first = errors.filter(({ field }, index) => errors.findIndex((other) => other.field === field) === index);
  return { kind: 'invalid', errors: first.slice(0, ERRORS) };
}

function errorsOf(issue: z.core.$ZodIssue): FieldErrors {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: clip(key), message: 'is not a parameter of this request' }));
  return [{ field: String(issue.path[0] ?? ''), message: messageOf(issue) }];
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_union':
      return 'must be milliseconds since 1970 (until 2299) or an ISO 8601 time with a zone';
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    default:
      return issue.message;
  }
}

/** Undefined for what a lenient reader would turn into other characters than were meant. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function clip(name: string): string {
  return name.slice(0, 100);
}
