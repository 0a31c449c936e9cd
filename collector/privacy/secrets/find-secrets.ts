/**
 * Where a text holds secrets. One pass looks for keywords; a rule's pattern is tried only around its own, each stretch of the
 * text once, so that the time is linear in any text a sender writes. Pure.
 */
import { decodedViews, isEscaped, withoutTags } from './decoded-view.ts';
import { gitleaksRules } from './gitleaks.ts';
import { createKeywordIndex } from './keyword-index.ts';
import { positionRules } from './position-rules.ts';
import { BACK, REACH, type SecretRule } from './rule.ts';
import { tokenRules } from './token-rules.ts';

export interface FoundSecret {
  readonly kind: string;
  /** UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** The first of two that find the same names its kind: what is known by its form, then what others know, then what stands where a secret does. */
export const SECRET_RULES: readonly SecretRule[] = [...tokenRules, ...gitleaksRules, ...positionRules];

const keywords = [...new Set(SECRET_RULES.flatMap((rule) => rule.keywords))];
const index = createKeywordIndex(keywords);
/** By keyword: the rules that it calls for. */
const rulesOf: readonly (readonly number[])[] = keywords.map((keyword) =>
  SECRET_RULES.flatMap((rule, number) => (rule.keywords.includes(keyword) ? [number] : [])),
);

/** Stretches of the text, by rule; from and to alternate. */
type Stretches = Map<number, number[]>;

const NONE: readonly FoundSecret[] = [];

type Ranked = FoundSecret & { readonly rank: number };

/**
 * In the order of the text, none within or over another.
 *
 * @param isWire it is the text of a protobuf message
 */
export function findSecrets(text: string, isWire = false): readonly FoundSecret[] {
  // Most texts hold neither a keyword nor an escape that could hide one.
  if (!isWire && !index.hits(text) && !isEscaped(text)) return NONE;
  const found: Ranked[] = [];
  const take = (each: Ranked): unknown => found.push(each);
  collect(text, take);
  if (isWire) collect(withoutTags(text), take);
  for (const view of decodedViews(text))
    collect(view.text, ({ start, end, ...each }) =>
      take({ ...each, start: view.originalOf(start), end: view.originalOf(end) }),
    );
  return found.length === 0 ? NONE : apart(found);
}

function collect(text: string, onFound: (found: Ranked) => void): void {
  let stretches: Stretches | undefined;
  index.search(text, (keyword, start) => {
    stretches ??= new Map();
    for (const number of rulesOf[keyword] as readonly number[]) note(stretches, number, start, text.length);
  });
  if (stretches === undefined) return;
  for (const [rank, limits] of stretches) {
    const rule = SECRET_RULES[rank] as SecretRule;
    const { kind } = rule;
    for (let at = 0; at < limits.length; at += 2)
      search(rule, text, limits[at] as number, limits[at + 1] as number, (start, end) =>
        onFound({ kind, start, end, rank }),
      );
  }
}

function note(stretches: Stretches, number: number, start: number, length: number): void {
  const { back = BACK, reach = REACH } = SECRET_RULES[number] as SecretRule;
  const from = Math.max(0, start - back);
  const to = Math.min(length, start + reach);
  const limits = stretches.get(number);
  if (limits === undefined) stretches.set(number, [from, to]);
  else if (from <= (limits.at(-1) as number)) limits[limits.length - 1] = Math.max(to, limits.at(-1) as number);
  else limits.push(from, to);
}

function search(
  rule: SecretRule,
  text: string,
  from: number,
  to: number,
  onFound: (start: number, end: number) => void,
): void {
  const { pattern, group, accept } = rule;
  const stretch = from === 0 && to === text.length ? text : text.slice(from, to);
  pattern.lastIndex = 0;
  for (let match = pattern.exec(stretch); match !== null; match = pattern.exec(stretch)) {
    const which =
      group ??
      Math.max(
        1,
        match.findIndex((each: string | undefined, number) => number > 0 && each !== undefined && each !== ''),
      );
    const [start, last] = match.indices?.[which] ?? match.indices?.[0] ?? [0, 0];
    const end = withoutEscape(stretch, start, last);
    if (end === start) {
      pattern.lastIndex = Math.max(pattern.lastIndex, match.index + 1);
      continue;
    }
    if (accept === undefined || accept(stretch.slice(start, end), stretch, start)) onFound(from + start, from + end);
    // What was refused as a secret may have hidden the beginning of another.
    else pattern.lastIndex = Math.min(pattern.lastIndex, Math.max(start, match.index + 1));
  }
}

/** A backslash at the end belongs to the quote that follows. */
function withoutEscape(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text[at - 1] === '\\') at -= 1;
  return at;
}

/** Merges overlapping finds into one over all of their text, of the first rule's kind. */
function apart(found: Ranked[]): readonly FoundSecret[] {
  found.sort((a, b) => a.start - b.start || a.rank - b.rank);
  const merged: Ranked[] = [];
  for (const each of found) {
    const last = merged.at(-1);
    if (last === undefined || each.start >= last.end) merged.push(each);
    else {
      const kind = each.rank < last.rank ? each.kind : last.kind;
      merged[merged.length - 1] = {
        kind,
        start: last.start,
        end: Math.max(last.end, each.end),
        rank: Math.min(each.rank, last.rank),
      };
    }
  }
  return merged;
}
