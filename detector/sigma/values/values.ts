/** Turns `field|modifier|modifier: values` of a Sigma rule into tests of single values. */
import { compileCidr } from './cidr.ts';
import { base64, base64AtOffsets, bytesAsText, utf16Bytes, utf8Bytes } from './encoding.ts';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-syntax.ts';
import { type Parts, TOO_MANY_PARTS } from '../parts.ts';
import { SigmaError } from '../sigma-error.ts';
import { ANY, type Piece, compileTextPattern, literalOf, parseTextPattern, withAnyDash } from './text-pattern.ts';
import { datePart, isDatePart } from './date-part.ts';
import type { FieldValue } from '../view.ts';

/** How the values given for one field are compared with those of an event. */
export interface ValueRule {
  readonly field: string;
  /** All of the patterns must be found, instead of one. */
  readonly all: boolean;
  /** The result is negated. */
  readonly negated: boolean;
  readonly tests: readonly ValueTest[];
}

export type ValueTest =
  /** On text; `folded` texts have gone through `foldCase`. */
  | {
      readonly kind: 'text';
      readonly folded: boolean;
      readonly fits: (text: string) => boolean;
      readonly exactly?: string;
    }
  | { readonly kind: 'value'; readonly fits: (value: FieldValue) => boolean }
  | { readonly kind: 'absent' }
  | { readonly kind: 'exists'; readonly expected: boolean }
  | {
      readonly kind: 'field';
      readonly other: string;
      readonly folded: boolean;
      readonly fits: (text: string, other: string) => boolean;
    };

/** A value on its way through the modifiers. */
type Draft =
  | { readonly kind: 'text'; readonly raw: string; readonly pieces: readonly Piece[]; readonly changed: boolean }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'expression'; readonly source: string; readonly flags: string }
  | { readonly kind: 'cidr'; readonly range: string }
  | { readonly kind: 'compare'; readonly fits: (value: number) => boolean }
  | { readonly kind: 'exists'; readonly expected: boolean }
  | { readonly kind: 'field'; readonly other: string; readonly how: 'whole' | 'startswith' | 'endswith' | 'contains' };

const MAX_VALUES = 20_000;

/**
 * @param field with its modifiers, and its place in the section
 * @param parts of the whole section; what these values need is added
 * @throws SigmaError
 */
export function compileValues(
  { field, modifiers, path }: { readonly field: string; readonly modifiers: readonly string[]; readonly path: string },
  value: unknown,
  parts: Parts,
): ValueRule {
  const fail = failing(path);
  const isList = Array.isArray(value);
  const given: readonly unknown[] = isList ? (value as unknown[]) : [value];
  if (given.length === 0) fail('an empty list matches nothing');
  if (given.length > MAX_VALUES) fail(`more than ${MAX_VALUES} values`);
  const all = modifiers.includes('all');
  if (all && given.length < 2) fail('"all" needs a list of two or more values');
  const cased = modifiers.includes('cased');
  const part = modifiers.find(isDatePart);
  if (modifiers.filter(isDatePart).length > 1) fail('only one part of a date can be compared');
  const tests = given.flatMap((item) => {
    let drafts: Draft[] = [draftOf(item, modifiers, fail)];
    if (drafts[0]?.kind === 'null' && given.length > 1) fail('null cannot be part of a list');
    for (const modifier of modifiers) drafts = drafts.flatMap((draft) => modify(draft, modifier, fail));
    return drafts.map((draft) => testOf(draft, { cased, part, parts, fail }));
  });
  return { field, all, negated: modifiers.includes('neq'), tests };
}

type Fail = (reason: string) => never;

function failing(path: string): Fail {
  return (reason) => {
    throw new SigmaError(path, reason);
  };
}

function draftOf(value: unknown, modifiers: readonly string[], fail: Fail): Draft {
  switch (typeof value) {
    case 'string': {
      // Expressions and ranges have an escape rule of their own; their text is used as written.
      const isRaw = modifiers.some((modifier) => ['re', 'cidr', 'fieldref', 'exists'].includes(modifier));
      return { kind: 'text', raw: value, pieces: isRaw ? [value] : parseTextPattern(value), changed: false };
    }
    case 'number':
      return Number.isNaN(value) ? fail('not a number') : { kind: 'number', value };
    case 'boolean':
      return { kind: 'boolean', value };
    case 'bigint':
      return { kind: 'text', raw: String(value), pieces: [String(value)], changed: false };
    default:
      return value === null ? { kind: 'null' } : fail('a value must be text, a number, true, false or null');
  }
}

function modify(draft: Draft, modifier: string, fail: Fail): Draft[] {
  switch (modifier) {
    case 'all':
    case 'neq':
      return [draft];
    case 'cased':
      return draft.kind === 'expression' || draft.kind === 'text' || draft.kind === 'bytes' || draft.kind === 'field'
        ? [draft]
        : fail('"cased" applies to text');
    case 'contains':
    case 'startswith':
    case 'endswith': {
      if (draft.kind === 'field') return [{ ...draft, how: modifier }];
      const text = textOf(draft, modifier, fail);
      const front: Piece[] = modifier === 'startswith' ? [] : [ANY];
      const back: Piece[] = modifier === 'endswith' ? [] : [ANY];
      return [{ ...text, pieces: [...front, ...text.pieces, ...back], changed: true }];
    }
    case 'windash': {
      const text = textOf(draft, modifier, fail);
      return [{ ...text, pieces: withAnyDash(text.pieces), changed: true }];
    }
    case 're':
      return [{ kind: 'expression', source: rawOf(draft, modifier, fail), flags: '' }];
    case 'i':
    case 'm':
    case 's':
      return draft.kind === 'expression'
        ? [{ ...draft, flags: draft.flags + modifier }]
        : fail(`"${modifier}" may only follow "re"`);
    case 'cidr':
      return [{ kind: 'cidr', range: rawOf(draft, modifier, fail) }];
    case 'fieldref':
      return [{ kind: 'field', other: rawOf(draft, modifier, fail), how: 'whole' }];
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return [{ kind: 'compare', fits: comparison(modifier, numberOf(draft, modifier, fail)) }];
    case 'exists':
      return draft.kind === 'boolean'
        ? [{ kind: 'exists', expected: draft.value }]
        : fail('"exists" takes true or false');
    case 'utf16':
    case 'utf16le':
    case 'wide':
    case 'utf16be': {
      const literal = plainOf(draft, modifier, fail);
      const order = modifier === 'utf16be' ? 'big' : 'little';
      return [{ kind: 'bytes', bytes: utf16Bytes(literal, order, modifier === 'utf16') }];
    }
    case 'base64':
      return [literalDraft(base64(bytesOf(draft, modifier, fail)))];
    case 'base64offset':
      return base64AtOffsets(bytesOf(draft, modifier, fail)).map(literalDraft);
    case 'expand':
      return [expanded(draft, fail)];
    default:
      return isDatePart(modifier) ? [draft] : fail(`unknown modifier "${modifier}"`);
  }
}

type TextDraft = Extract<Draft, { readonly kind: 'text' }>;

function literalDraft(text: string): TextDraft {
  return { kind: 'text', raw: text, pieces: text === '' ? [] : [text], changed: true };
}

function textOf(draft: Draft, modifier: string, fail: Fail): TextDraft {
  switch (draft.kind) {
    case 'text':
      return draft;
    case 'bytes':
      return literalDraft(bytesAsText(draft.bytes));
    case 'number':
    case 'boolean':
      return literalDraft(String(draft.value));
    default:
      return fail(`"${modifier}" applies to text`);
  }
}

/** The text as written, which no other modifier may have changed. */
function rawOf(draft: Draft, modifier: string, fail: Fail): string {
  if (draft.kind === 'number') return String(draft.value);
  return draft.kind === 'text' && !draft.changed ? draft.raw : fail(`"${modifier}" applies to text as it is written`);
}

function plainOf(draft: Draft, modifier: string, fail: Fail): string {
  return literalOf(textOf(draft, modifier, fail).pieces) ?? fail(`"${modifier}" cannot encode a wildcard`);
}

function bytesOf(draft: Draft, modifier: string, fail: Fail): Uint8Array {
  return draft.kind === 'bytes' ? draft.bytes : utf8Bytes(plainOf(draft, modifier, fail));
}

function numberOf(draft: Draft, modifier: string, fail: Fail): number {
  const value = draft.kind === 'number' ? draft.value : draft.kind === 'text' ? numeric(draft.raw) : undefined;
  return value ?? fail(`"${modifier}" takes a number`);
}

function comparison(modifier: 'lt' | 'lte' | 'gt' | 'gte', bound: number): (value: number) => boolean {
  switch (modifier) {
    case 'lt':
      return (value) => value < bound;
    case 'lte':
      return (value) => value <= bound;
    case 'gt':
      return (value) => value > bound;
    case 'gte':
      return (value) => value >= bound;
    default:
      return modifier satisfies never;
  }
}

/** Placeholders get their meaning where a rule is used; nothing here gives them one, so a rule that has one is refused. */
function expanded(draft: Draft, fail: Fail): Draft {
  if (draft.kind !== 'text') return draft;
  const placeholder = /(?<!\\)%\w+%/.exec(draft.raw)?.[0];
  if (placeholder !== undefined) return fail(`placeholder ${placeholder} is unknown`);
  const raw = draft.raw.replaceAll('\\%', '%');
  return { kind: 'text', raw, pieces: parseTextPattern(raw), changed: draft.changed };
}

function testOf(
  draft: Draft,
  { cased, part, parts, fail }: { cased: boolean; part: string | undefined; parts: Parts; fail: Fail },
): ValueTest {
  if (!parts.add(draft.kind === 'text' ? draft.pieces.length : 1)) return fail(TOO_MANY_PARTS);
  if (part !== undefined) {
    const wanted = draft.kind === 'compare' ? draft.fits : equalTo(numberOf(draft, part, fail));
    return { kind: 'value', fits: (value) => satisfies(datePart(part, value), wanted) };
  }
  switch (draft.kind) {
    case 'text':
    case 'bytes': {
      const { pieces } = textOf(draft, '', fail);
      const fits = compileTextPattern(pieces, !cased);
      const literal = literalOf(pieces);
      return { kind: 'text', folded: !cased, fits, ...(literal === undefined ? {} : { exactly: literal }) };
    }
    case 'number': {
      const wanted = equalTo(draft.value);
      return { kind: 'value', fits: (value) => satisfies(numeric(value), wanted) };
    }
    case 'boolean': {
      const text = String(draft.value);
      return { kind: 'text', folded: true, fits: (value) => value === text, exactly: text };
    }
    case 'null':
      return { kind: 'absent' };
    case 'expression':
      return { kind: 'text', folded: false, fits: expressionTest(draft, parts, fail) };
    case 'cidr': {
      const fits = compileCidr(draft.range) ?? fail(`"${draft.range}" is no network range`);
      return { kind: 'text', folded: false, fits };
    }
    case 'compare':
      return { kind: 'value', fits: (value) => satisfies(numeric(value), draft.fits) };
    case 'exists':
      return { kind: 'exists', expected: draft.expected };
    case 'field':
      return { kind: 'field', other: draft.other, folded: !cased, fits: RELATIONS[draft.how] };
    default:
      return draft satisfies never;
  }
}

const RELATIONS = {
  whole: (text: string, other: string) => text === other,
  startswith: (text: string, other: string) => text.startsWith(other),
  endswith: (text: string, other: string) => text.endsWith(other),
  contains: (text: string, other: string) => text.includes(other),
};

function expressionTest(
  { source, flags }: Extract<Draft, { readonly kind: 'expression' }>,
  parts: Parts,
  fail: Fail,
): (text: string) => boolean {
  const given = { ignoreCase: flags.includes('i'), multiLine: flags.includes('m'), dotAll: flags.includes('s') };
  try {
    return compileExpression(source, given, parts);
  } catch (error) {
    if (error instanceof ExpressionError) return fail(`regular expression: ${error.message}`);
    throw error;
  }
}

function equalTo(wanted: number): (value: number) => boolean {
  return (value) => value === wanted;
}

function satisfies(value: number | undefined, wanted: (value: number) => boolean): boolean {
  return value !== undefined && wanted(value);
}

/** A number, also one that a log writes as text; undefined for anything else. */
function numeric(value: FieldValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean' || value.length > 40 || !/^\s*[-+]?(?:\d|\.\d)/.test(value)) return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}
