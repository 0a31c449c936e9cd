/** Checks the parameters of a request, in its query and in its path, and names every wrong one. */
import type { z } from 'zod';
import type { Problem } from '../../schemas/api/contract/problem.ts';
import { badFields, ProblemAnswer } from './problem.ts';

type FieldErrors = NonNullable<Problem['errors']>;

/** Enough for every field of a request; it bounds the answer to a hostile one. */
const MAX_ERRORS = 20;

/** @param search what follows the question mark, as it was sent */
export function parseQuery(schema: z.ZodObject, search: string): Readonly<Record<string, unknown>> | ProblemAnswer {
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
  if (errors.length > 0) return badFields(firstOfEach(errors));
  const query = parseParameters(schema, Object.fromEntries(given));
  if (query instanceof ProblemAnswer) return query;
  const { from, to } = query;
  if (typeof from === 'number' && typeof to === 'number' && from >= to)
    return badFields([{ field: 'to', message: 'must be after from' }]);
  return query;
}

export function parseParameters(
  schema: z.ZodObject,
  parameters: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | ProblemAnswer {
  const parsed = schema.safeParse(parameters);
  return parsed.success ? parsed.data : badFields(firstOfEach(parsed.error.issues.flatMap(errorsOf)));
}

/** One error per field: a number that is too large may also fail as an unsafe integer, which adds nothing. */
function firstOfEach(errors: FieldErrors): FieldErrors {
  const first = errors.filter(({ field }, index) => errors.findIndex((other) => other.field === field) === index);
  return first.slice(0, MAX_ERRORS);
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

/** Returns undefined for bytes that a lenient decoder would replace with other characters. */
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
