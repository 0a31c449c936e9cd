/** Sigma's conditions: `selection and not 1 of filter*`, read into a tree over the names of selections. */
import { type Parts, TOO_MANY_PARTS } from './parts.ts';
import { SigmaError } from './sigma-error.ts';

export type Condition =
  | { readonly kind: 'selection'; readonly name: string }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly item: Condition };

const MAX_DEPTH = 64;

/**
 * @param names the selections of the section; a pattern such as `filter*` is resolved against them
 * @param parts of the whole section; what the condition needs is added
 * @throws SigmaError when the text is malformed, too large, names an unknown selection, or a pattern fits none
 */
export function parseCondition(text: string, names: readonly string[], path: string, parts: Parts): Condition {
  const tokens = text.match(/[()|]|[^\s()|]+/g) ?? [];
  let at = 0;
  const fail = (reason: string): never => {
    throw new SigmaError(path, reason);
  };
  const grow = (by: number): void => {
    if (!parts.add(by)) fail(TOO_MANY_PARTS);
  };
  const isNext = (word: string) => tokens[at]?.toLowerCase() === word;

  const readEither = (depth: number): Condition => {
    const items = [readBoth(depth)];
    while (isNext('or')) {
      at++;
      items.push(readBoth(depth));
    }
    return items.length === 1 ? (items[0] as Condition) : { kind: 'or', items };
  };
  const readBoth = (depth: number): Condition => {
    const items = [readNot(depth)];
    while (isNext('and')) {
      at++;
      items.push(readNot(depth));
    }
    return items.length === 1 ? (items[0] as Condition) : { kind: 'and', items };
  };
  const readNot = (depth: number): Condition => {
    if (depth > MAX_DEPTH) return fail('nested too deeply');
    if (!isNext('not')) return readOperand(depth);
    at++;
    return { kind: 'not', item: readNot(depth + 1) };
  };
  const readOperand = (depth: number): Condition => {
    const token = tokens[at];
    grow(1);
    if (token === undefined) return fail('ends where a selection is expected');
    if (token === '(') {
      at++;
      const inner = readEither(depth + 1);
      if (tokens[at++] !== ')') return fail('a parenthesis is not closed');
      return inner;
    }
    if (token === ')' || token === '|' || /^(?:and|or)$/i.test(token))
      return fail(`"${token}" stands where a selection is expected`);
    if (/^(?:1|any|all)$/i.test(token) && tokens[at + 1]?.toLowerCase() === 'of') {
      const pattern = tokens[at + 2] ?? fail('nothing follows "of"');
      at += 3;
      return readGroup(token.toLowerCase() === 'all' ? 'and' : 'or', pattern);
    }
    if (/^\d+$/.test(token) && tokens[at + 1]?.toLowerCase() === 'of')
      return fail(`"${token} of" is not supported; use 1 or all`);
    at++;
    return names.includes(token) ? { kind: 'selection', name: token } : fail(`unknown selection "${token}"`);
  };
  const readGroup = (kind: 'and' | 'or', pattern: string): Condition => {
    const fits = pattern.toLowerCase() === 'them' ? (name: string) => !name.startsWith('_') : nameTest(pattern);
    const items = names.filter(fits).map((name): Condition => ({ kind: 'selection', name }));
    grow(items.length);
    return items.length > 0 ? { kind, items } : fail(`no selection fits "${pattern}"`);
  };

  const condition = readEither(0);
  const rest = tokens[at];
  if (rest === '|') return fail('aggregations ("| count() …") are not supported; use a baseline or a correlation');
  return rest === undefined ? condition : fail(`"${rest}" is unexpected`);
}

/** A name pattern: `*` fits any text. */
function nameTest(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*');
  const [head = '', ...tail] = parts;
  return (name) => {
    if (tail.length === 0) return name === head;
    if (!name.startsWith(head)) return false;
    let from = head.length;
    for (const [index, part] of tail.entries()) {
      const found = index === tail.length - 1 ? Math.max(from, name.length - part.length) : name.indexOf(part, from);
      if (found < 0 || !name.startsWith(part, found)) return false;
      from = found + part.length;
    }
    return true;
  };
}
