/** Turns the selections of a Sigma rule into tests of a view. */
import type { Parts } from './parts.ts';
import { SigmaError } from './sigma-error.ts';
import { foldCase } from './values/text-pattern.ts';
import { type ValueRule, type ValueTest, compileValues } from './values/values.ts';
import type { FieldValue, Matched, PartialView, SigmaView, Verdict } from './view.ts';

export interface Test {
  /** Allocates nothing on its own. */
  readonly holds: (view: SigmaView) => boolean;
  /** The same where not every field is known. */
  readonly verdict: (view: PartialView) => Verdict;
  /** Says which values made it hold; only called when it does. */
  readonly explain: (view: SigmaView, into: Matched[]) => void;
  /** The fields it looks at. */
  readonly fields: readonly string[];
}

const MAX_ITEMS = 20_000;

/** A map is an AND of its fields; a list is an OR of maps and keywords. */
export function compileSelectionTest(selection: unknown, path: string, parts: Parts): Test {
  if (Array.isArray(selection)) {
    const items: readonly unknown[] = selection;
    if (items.length === 0) throw new SigmaError(path, 'an empty list matches nothing');
    if (items.length > MAX_ITEMS) throw new SigmaError(path, `more than ${MAX_ITEMS} items`);
    const words = items.filter((item) => !isMap(item));
    const maps = items.flatMap((item, index) => (isMap(item) ? [compileMap(item, `${path}[${index}]`, parts)] : []));
    return either(words.length === 0 ? maps : [compileKeywords([], words, path, parts), ...maps]);
  }
  if (isMap(selection)) return compileMap(selection, path, parts);
  if (typeof selection === 'string' || typeof selection === 'number')
    return compileKeywords([], [selection], path, parts);
  throw new SigmaError(path, 'must be a map of fields, or a list of maps or keywords');
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function compileMap(map: Readonly<Record<string, unknown>>, path: string, parts: Parts): Test {
  const entries = Object.entries(map);
  if (entries.length === 0) throw new SigmaError(path, 'an empty map matches everything');
  return both(
    entries.map(([key, value]) => {
      const [field = '', ...modifiers] = key.split('|');
      const place = `${path}.${key}`;
      if (field === '') return compileKeywords(modifiers, value, place, parts);
      return fieldTest(compileValues({ field, modifiers, path: place }, value, parts));
    }),
  );
}

/** Loops rather than `every` and `some`: no closure is made for an event that does not match. */
export function everyHolds(tests: readonly Pick<Test, 'holds'>[]): Test['holds'] {
  return (view) => {
    for (const test of tests) if (!test.holds(view)) return false;
    return true;
  };
}

export function someHolds(tests: readonly Pick<Test, 'holds'>[]): Test['holds'] {
  return (view) => {
    for (const test of tests) if (test.holds(view)) return true;
    return false;
  };
}

export function everyVerdict(tests: readonly Pick<Test, 'verdict'>[]): Test['verdict'] {
  return decidedBy(false, tests);
}

export function someVerdict(tests: readonly Pick<Test, 'verdict'>[]): Test['verdict'] {
  return decidedBy(true, tests);
}

/** One test that says `decisive` settles it; without one, all of them have to be known. */
function decidedBy(decisive: boolean, tests: readonly Pick<Test, 'verdict'>[]): Test['verdict'] {
  return (view) => {
    const verdicts = tests.map((test) => test.verdict(view));
    if (verdicts.includes(decisive)) return decisive;
    return verdicts.includes(undefined) ? undefined : !decisive;
  };
}

export function both(tests: readonly Test[]): Test {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return {
    holds: everyHolds(tests),
    verdict: everyVerdict(tests),
    explain: (view, into) => {
      for (const test of tests) test.explain(view, into);
    },
    fields: tests.flatMap(({ fields }) => fields),
  };
}

export function either(tests: readonly Test[]): Test {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return {
    holds: someHolds(tests),
    verdict: someVerdict(tests),
    explain: (view, into) => {
      for (const test of tests) if (test.holds(view)) test.explain(view, into);
    },
    fields: tests.flatMap(({ fields }) => fields),
  };
}

/** Keywords are looked for anywhere in any text of the event. */
function compileKeywords(modifiers: readonly string[], value: unknown, path: string, parts: Parts): Test {
  const isFree = !modifiers.some((modifier) => ['contains', 'startswith', 'endswith', 're'].includes(modifier));
  const sought = isFree ? [...modifiers, 'contains'] : modifiers;
  const rule = compileValues({ field: '', modifiers: sought, path }, value, parts);
  const texts = rule.tests.map((test) => {
    if (test.kind !== 'text') throw new SigmaError(path, 'a keyword must be text');
    return test;
  });
  const found = (view: SigmaView, test: (typeof texts)[number]) =>
    view.texts?.().find((text) => test.fits(test.folded ? foldCase(text) : text));
  const holdsFor = (view: SigmaView) => (test: (typeof texts)[number]) => found(view, test) !== undefined;
  return {
    holds: (view) => (rule.all ? texts.every(holdsFor(view)) : texts.some(holdsFor(view))) !== rule.negated,
    verdict: () => undefined,
    explain: (view, into) => {
      if (rule.negated) return;
      for (const test of texts) {
        const text = found(view, test);
        if (text !== undefined) into.push({ field: 'keyword', value: text });
      }
    },
    fields: [],
  };
}

function fieldTest(rule: ValueRule): Test {
  const tests = withSets(rule);
  const { field, negated } = rule;
  const holds: Test['holds'] = rule.all
    ? (view) => {
        for (const test of tests) if (indexOfMatch(view, field, test) === NONE) return negated;
        return !negated;
      }
    : (view) => {
        for (const test of tests) if (indexOfMatch(view, field, test) !== NONE) return !negated;
        return negated;
      };
  const fields = [field, ...rule.tests.flatMap((test) => (test.kind === 'field' ? [test.other] : []))];
  return {
    holds,
    verdict: (view) => (fields.every((name) => view.knows(name)) ? holds(view) : undefined),
    explain: (view, into) => {
      const values = view.field(field);
      const before = into.length;
      for (const test of negated ? [] : tests) {
        const value = values?.[indexOfMatch(view, field, test)];
        if (value === undefined || into.slice(before).some((known) => known.value === String(value))) continue;
        into.push({ field, value: String(value) });
        if (!rule.all) break;
      }
    },
    fields,
  };
}

/** Many plain words are looked up at once instead of one after another. */
function withSets({ tests, all }: ValueRule): readonly ValueTest[] {
  if (all || tests.length < 4) return tests;
  const folded = new Set<string>();
  const cased = new Set<string>();
  const others: ValueTest[] = [];
  for (const test of tests) {
    if (test.kind !== 'text' || test.exactly === undefined) others.push(test);
    else if (test.folded) folded.add(foldCase(test.exactly));
    else cased.add(test.exactly);
  }
  if (folded.size > 0) others.unshift({ kind: 'text', folded: true, fits: (text) => folded.has(text) });
  if (cased.size > 0) others.unshift({ kind: 'text', folded: false, fits: (text) => cased.has(text) });
  return others;
}

const NONE = -1;
/** The test holds, but because of what is not there. */
const NOWHERE = -2;

function indexOfMatch(view: SigmaView, field: string, test: ValueTest): number {
  const values = view.field(field);
  if (test.kind === 'absent') return values === undefined || values.length === 0 ? NOWHERE : NONE;
  if (test.kind === 'exists') return (values !== undefined) === test.expected ? NOWHERE : NONE;
  if (values === undefined) return NONE;
  if (test.kind === 'value') {
    for (let i = 0; i < values.length; i++) if (test.fits(values[i] as FieldValue)) return i;
    return NONE;
  }
  const folded = test.folded ? view.folded?.(field) : undefined;
  for (let i = 0; i < values.length; i++) {
    const text = folded?.[i] ?? textOf(values[i] as FieldValue, test.folded);
    if (test.kind === 'text' ? test.fits(text) : fitsOther(view, test, text)) return i;
  }
  return NONE;
}

function fitsOther(view: SigmaView, test: Extract<ValueTest, { readonly kind: 'field' }>, text: string): boolean {
  return view.field(test.other)?.some((other) => test.fits(text, textOf(other, test.folded))) ?? false;
}

function textOf(value: FieldValue, folded: boolean): string {
  return folded ? foldCase(String(value)) : String(value);
}
