/** Reads one word of shell text: resolves quotes, reads substitutions, expands braces, and keeps what only the shell can evaluate. */
import { expandBraces } from './braces.ts';
import { createDraft, type Draft, type Piece } from './draft.ts';
import { readBackticks, readDollar, readProcessSubstitution } from './expansions.ts';
import { isSubscript } from './lookahead.ts';
import { readAnsiC, readDoubleQuotes, readQuotedText, readSingleQuotes } from './quotes.ts';
import { isLineEnd, problem, absolute, absoluteEnd, type Scan } from './scan.ts';
import { NO_SPANS, NO_SUBSTITUTIONS, type Span, type Substitution, type Word } from './syntax.ts';

/** Context that changes what ends a word or is special in it. */
export interface WordMode {
  /** `name[1 + 2]=x` is possible here. */
  readonly assignment?: boolean;
  /** The right side of `=~`: brackets and bars belong to it. */
  readonly regex?: boolean;
  /** Redirection targets, assignments and patterns are one word, even with braces. */
  readonly single?: boolean;
}

const PLAIN = 0;
const ENDS = 1; // blank or operator
const SPECIAL = 2; // quoting, expansion, brace
const CLASSES = new Uint8Array(128);
for (const char of ' \t\n;&|()<>') CLASSES[char.charCodeAt(0)] = ENDS;
for (const char of '\'"\\$`{[\r') CLASSES[char.charCodeAt(0)] = SPECIAL;

function classAt(text: string, pos: number): number {
  const code = text.charCodeAt(pos);
  // NaN, past the end, is not below 128.
  return code < 128 ? (CLASSES[code] ?? PLAIN) : PLAIN;
}

/** Reads the word at the position. Returns no words if none begins there, and several if braces or `$IFS` split it. */
export function readWords(scan: Scan, mode: WordMode): readonly Word[] {
  const start = scan.pos;
  const draft = createDraft();
  readPieces(scan, draft, mode);
  if (scan.pos === start) return [];
  return finish(scan, draft, start, mode);
}

/** Reads exactly one word. */
export function readWord(scan: Scan, mode: WordMode = { single: true }): Word | undefined {
  return readWords(scan, mode)[0];
}

function readPieces(scan: Scan, draft: Draft, mode: WordMode): void {
  const { text } = scan;
  const start = scan.pos;
  let run = start; // start of the literal text not yet added
  let brackets = 0; // open `(` of extended globs or a regular expression
  let subscripts = 0; // open `[` of an array element assigned to
  const flush = (): void => {
    if (scan.pos > run) draft.pieces.push({ text: text.slice(run, scan.pos), kind: 'literal' });
  };
  while (scan.pos < text.length) {
    const kind = classAt(text, scan.pos);
    if (kind === PLAIN) {
      if (subscripts > 0 && text[scan.pos] === ']') subscripts -= 1;
      scan.pos += 1;
      continue;
    }
    const char = text.charAt(scan.pos);
    if (kind === ENDS) {
      if ((char === '<' || char === '>') && text[scan.pos + 1] === '(') {
        flush();
        readProcessSubstitution(scan, draft);
        run = scan.pos;
        continue;
      }
      if (char === '(' && (brackets > 0 || mode.regex === true || opensPattern(text, scan.pos, run))) brackets += 1;
      else if (char === ')' && brackets > 0) brackets -= 1;
      else if (char === '\n' || !(subscripts > 0 || brackets > 0 || (mode.regex === true && char === '|'))) break;
      scan.pos += 1;
      continue;
    }
    if (char === '{') {
      draft.braces = true;
      scan.pos += 1;
      continue;
    }
    if (char === '[') {
      if (subscripts > 0) subscripts += 1;
      else if (mode.assignment === true && isName(text, start, scan.pos) && isSubscript(text, scan.pos + 1))
        subscripts = 1;
      scan.pos += 1;
      continue;
    }
    if (char === '\r') {
      if (isLineEnd(text, scan.pos)) break;
      scan.pos += 1;
      continue;
    }
    flush();
    readSpecial(scan, draft, char);
    run = scan.pos;
  }
  flush();
  if (brackets > 0) problem(scan, 'unterminated (', start);
}

/** `?(`, `*(`, `+(`, `@(` and `!(` open an extended pattern inside a word. */
function opensPattern(text: string, pos: number, run: number): boolean {
  if (pos === run) return false;
  const before = text[pos - 1];
  return before === '?' || before === '*' || before === '+' || before === '@' || (before === '!' && pos - 1 > run);
}

function readSpecial(scan: Scan, draft: Draft, char: string): void {
  const { text } = scan;
  switch (char) {
    case '\\': {
      const next = text[scan.pos + 1];
      // A line continuation is dropped; a backslash at the end is literal.
      if (next === '\n') scan.pos += 2;
      else {
        draft.pieces.push({ text: next ?? '\\', kind: 'quoted' });
        draft.quoted = true;
        scan.pos = Math.min(scan.pos + 2, text.length);
      }
      return;
    }
    case "'": {
      readSingleQuotes(scan, draft);
      return;
    }
    case '"':
      scan.pos += 1;
      {
        readDoubleQuotes(scan, draft);
        return;
      }
    case '`': {
      readBackticks(scan, draft, false);
      return;
    }
    default:
      if (text[scan.pos + 1] === "'") {
        readAnsiC(scan, draft);
        return;
      }
      if (text[scan.pos + 1] === '"') {
        scan.pos += 2;
        readDoubleQuotes(scan, draft);
        return;
      }
      {
        readDollar(scan, draft, false);
        return;
      }
  }
}

/** Reads a whole text as a here-document's body, in which quotes are ordinary characters: escapes and substitutions resolved. */
export function readBody(scan: Scan): Word {
  const draft = createDraft(true);
  readQuotedText(scan, draft, undefined);
  return build(draft.pieces, absolute(scan, 0), absoluteEnd(scan, scan.text.length), true, draft.substitutions);
}

function finish(scan: Scan, draft: Draft, start: number, mode: WordMode): readonly Word[] {
  const { pieces } = draft;
  const from = absolute(scan, start);
  const to = absoluteEnd(scan, scan.pos);
  const [only] = pieces;
  const valueAt = only?.kind === 'literal' ? valueStart(only.text) : undefined;
  if (mode.single === true || (mode.assignment === true && valueAt !== undefined)) {
    const word = build(pieces, from, to, draft.quoted, draft.substitutions);
    return [valueAt === undefined ? word : { ...word, valueAt }];
  }
  const words: Word[] = [];
  for (const expanded of draft.braces ? expandBraces(scan, pieces) : [pieces]) {
    for (const field of splitAtGaps(expanded)) {
      // The substitutions run once, even if the braces repeat them.
      const substitutions = words.length === 0 ? draft.substitutions : undefined;
      words.push(build(field, from, to, draft.quoted, substitutions));
    }
  }
  const [first] = words;
  if (first === undefined && draft.substitutions !== undefined) {
    return [build([], from, to, draft.quoted, draft.substitutions)];
  }
  if (first !== undefined && words.length === 1 && valueAt !== undefined) return [{ ...first, valueAt }];
  return words;
}

function splitAtGaps(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  if (!pieces.some((piece) => piece.kind === 'gap')) return pieces.length === 0 ? [] : [pieces];
  const fields: Piece[][] = [];
  let field: Piece[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'gap') field.push(piece);
    else if (field.length > 0) {
      fields.push(field);
      field = [];
    }
  }
  if (field.length > 0) fields.push(field);
  return fields;
}

function build(
  pieces: readonly Piece[],
  start: number,
  end: number,
  quoted: boolean,
  substitutions: readonly Substitution[] | undefined,
): Word {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1 && (only.kind === 'literal' || only.kind === 'quoted')) {
    return { text: only.text, start, end, quoted, opaque: NO_SPANS, substitutions: substitutions ?? NO_SUBSTITUTIONS };
  }
  let text = '';
  let opaque: Span[] | undefined;
  for (const piece of pieces) {
    if (piece.kind === 'opaque' || piece.kind === 'gap') {
      (opaque ??= []).push({ start: text.length, end: text.length + piece.text.length });
    }
    text += piece.text;
  }
  return { text, start, end, quoted, opaque: opaque ?? NO_SPANS, substitutions: substitutions ?? NO_SUBSTITUTIONS };
}

function isName(text: string, from: number, to: number): boolean {
  if (to <= from || !isNameStart(text.charCodeAt(from))) return false;
  for (let pos = from + 1; pos < to; pos++) if (!isNamePart(text.charCodeAt(pos))) return false;
  return true;
}

export function isNameStart(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || code === 95;
}

export function isNamePart(code: number): boolean {
  return isNameStart(code) || (code >= 48 && code <= 57);
}

/** Index after `name=`, `name+=` or `name[…]=`, if the text begins with one of them. */
function valueStart(text: string): number | undefined {
  if (!isNameStart(text.charCodeAt(0))) return undefined;
  let pos = 1;
  while (isNamePart(text.charCodeAt(pos))) pos += 1;
  if (text[pos] === '[') {
    const close = text.indexOf(']', pos);
    if (close < 0) return undefined;
    pos = close + 1;
  }
  if (text[pos] === '+') pos += 1;
  return text[pos] === '=' ? pos + 1 : undefined;
}
