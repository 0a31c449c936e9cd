/** Returns a page of a list as a handler's answer. */
import { badFields, type ProblemAnswer } from './problem.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export function listing<T>(
  listed: { readonly kind: 'bad_cursor' } | ({ readonly kind: 'page' } & Page<T>),
): Page<T> | ProblemAnswer {
  if (listed.kind === 'bad_cursor')
    return badFields([{ field: 'cursor', message: 'is not one that this list gave for these filters' }]);
  const { items, nextCursor } = listed;
  return { items, nextCursor };
}
