/** Reads what begins with `$`, a backtick or `<(` inside a word: substitutions give their commands, the rest stays as written. */
import type { Draft } from './draft.ts';
import { LIMITS } from '../limits.ts';
import { arithmeticEnd, skipBalanced } from './lookahead.ts';
import { createScan, mayNest, maySubstitute, opaqueEnd, placeAt, placeOf, problem, type Scan } from './scan.ts';
import type { Script, Substitution } from './syntax.ts';

/** What a `$` may be followed by without brackets. */
const NAME = /[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y;

/** Reads one expansion at `$`; a lone `$` is literal. */
export function readDollar(scan: Scan, draft: Draft, inQuotes: boolean): void {
  const { text } = scan;
  const start = scan.pos;
  if (takeOpaque(scan, draft)) return;
  const next = text[start + 1];
  if (next === '(') {
    if (text[start + 2] === '(') {
      const end = arithmeticEnd(scan, start + 3);
      if (end >= 0) {
        readArithmetic(scan, draft, start + 3, end + 2);
        return;
      }
    }
    readSubstitution(scan, draft, 'command');
    return;
  }
  if (next === '{') {
    readParameter(scan, draft, inQuotes);
    return;
  }
  if (next === '[') {
    const end = scan.budget.lookaheadChars > LIMITS.lookaheadChars ? -1 : skipBalanced(scan, start + 2, '[', ']');
    if (end >= 0) {
      readArithmetic(scan, draft, start + 2, end);
      return;
    }
  }
  NAME.lastIndex = start + 1;
  const match = NAME.exec(text);
  scan.pos = start + 1 + (match === null ? 0 : match[0].length);
  const written = text.slice(start, scan.pos);
  if (match === null) draft.pieces.push({ text: written, kind: inQuotes ? 'quoted' : 'literal' });
  else draft.pieces.push({ text: written, kind: match[0] === 'IFS' && !inQuotes ? 'gap' : 'opaque' });
}

/** Reads `$(…)`, or at `<(` and `>(` a process substitution. */
export function readSubstitution(scan: Scan, draft: Draft, kind: Substitution['kind']): void {
  const start = scan.pos;
  if (maySubstitute(scan)) {
    const outer = scan.pending;
    scan.pending = [];
    scan.pos += 2;
    scan.depth += 1;
    scan.substitutions += 1;
    addSubstitution(draft, kind, scan.grammar.readScript(scan, ')'));
    scan.substitutions -= 1;
    scan.depth -= 1;
    // A here-document announced inside is read at the next line end, wherever that is.
    scan.pending = outer.length === 0 ? scan.pending : [...outer, ...scan.pending];
    if (scan.text[scan.pos] === ')') scan.pos += 1;
    else problem(scan, `unterminated ${scan.text.slice(start, start + 2)}`, start);
  } else {
    const end = skipBalanced(scan, start + 2, '(', ')');
    scan.pos = end < 0 ? scan.text.length : end;
  }
  draft.pieces.push({ text: scan.text.slice(start, scan.pos), kind: 'opaque' });
}

export function readProcessSubstitution(scan: Scan, draft: Draft): void {
  if (takeOpaque(scan, draft)) return;
  readSubstitution(scan, draft, scan.text[scan.pos] === '<' ? 'input' : 'output');
}

/** Reads a substitution in backticks: its text loses one level of backslashes and is then a script. */
export function readBackticks(scan: Scan, draft: Draft, inQuotes: boolean): void {
  if (takeOpaque(scan, draft)) return;
  const { text } = scan;
  const from = scan.pos + 1;
  let end = from;
  let isEscaped = false;
  for (; end < text.length && text[end] !== '`'; end++) {
    if (text[end] === '\\') {
      isEscaped = true;
      end += 1;
    }
  }
  end = Math.min(end, text.length);
  if (end === text.length) problem(scan, 'unterminated `', from - 1);
  if (maySubstitute(scan)) {
    const written = text.slice(from, end);
    const inner = isEscaped
      ? createScan(
          written.replaceAll(inQuotes ? /\\([\\`$"])/g : /\\([\\`$])/g, '$1'),
          placeOf(scan, from, end),
          scan.budget,
          scan.depth + 1,
          scan.grammar,
        )
      : createScan(
          written,
          placeAt(scan, from),
          scan.budget,
          scan.depth + 1,
          scan.grammar,
          scan.opaque && { ends: scan.opaque.ends, shift: scan.opaque.shift + from },
        );
    addSubstitution(draft, 'command', scan.grammar.readScript(inner, undefined));
  }
  scan.pos = Math.min(end + 1, text.length);
  draft.pieces.push({ text: text.slice(from - 1, scan.pos), kind: 'opaque' });
}

/** Copies a range that was expanded before this text became a script. */
function takeOpaque(scan: Scan, draft: Draft): boolean {
  const end = opaqueEnd(scan, scan.pos);
  if (end <= scan.pos) return false;
  draft.pieces.push({ text: scan.text.slice(scan.pos, end), kind: 'opaque' });
  scan.pos = end;
  return true;
}

function addSubstitution(draft: Draft, kind: Substitution['kind'], body: Script): void {
  (draft.substitutions ??= []).push({ kind, body });
}

/** Reads `$((…))` or `$[…]` whose text reaches from `from` to `end`, for the substitutions in it. */
function readArithmetic(scan: Scan, draft: Draft, from: number, end: number): void {
  const start = scan.pos;
  const mark = draft.pieces.length;
  scan.pos = from;
  readArithmeticText(scan, draft, end);
  draft.pieces.length = mark;
  draft.pieces.push({ text: scan.text.slice(start, scan.pos), kind: 'opaque' });
}

/** Reads arithmetic up to `end`, adding the substitutions it runs. */
export function readArithmeticText(scan: Scan, draft: Draft, end: number): void {
  const { text } = scan;
  const enters = mayNest(scan);
  scan.depth += 1;
  while (enters && scan.pos < end) {
    const char = text[scan.pos];
    if (char === '\\') scan.pos += 2;
    else if (char === '$') readDollar(scan, draft, true);
    else if (char === '`') readBackticks(scan, draft, true);
    else scan.pos += 1;
  }
  scan.depth -= 1;
  scan.pos = Math.min(Math.max(scan.pos, end), text.length);
}

/** Reads `${…}`: kept as written, its substitutions read. `${ cmd; }` is a substitution itself (bash 5.3). */
function readParameter(scan: Scan, draft: Draft, inQuotes: boolean): void {
  const { text } = scan;
  const start = scan.pos;
  const mark = draft.pieces.length;
  const first = text[start + 2];
  if (!mayNest(scan)) {
    const end = skipBalanced(scan, start + 2, '{', '}');
    scan.pos = end < 0 ? text.length : end;
  } else {
    scan.depth += 1;
    scan.pos += 2;
    if (first === ' ' || first === '\t' || first === '\n' || first === '|') {
      if (first === '|') scan.pos += 1;
      addSubstitution(draft, 'command', scan.grammar.readScript(scan, '}'));
    } else readParameterText(scan, draft);
    scan.depth -= 1;
    if (text[scan.pos] === '}') scan.pos += 1;
    else problem(scan, 'unterminated ${', start);
  }
  draft.pieces.length = mark;
  const written = text.slice(start, scan.pos);
  draft.pieces.push({ text: written, kind: !inQuotes && /^\$\{IFS\b/.test(written) ? 'gap' : 'opaque' });
}

/** Reads up to the closing brace, without it. Double quotes only switch: inside them `}` and `'` are text. */
function readParameterText(scan: Scan, draft: Draft): void {
  const { text } = scan;
  let inQuotes = false;
  while (scan.pos < text.length) {
    const char = text[scan.pos];
    if (char === '\\') scan.pos = Math.min(scan.pos + 2, text.length);
    else if (char === '"') {
      inQuotes = !inQuotes;
      scan.pos += 1;
    } else if (char === '$') readDollar(scan, draft, true);
    else if (char === '`') readBackticks(scan, draft, true);
    else if (char === '}' && !inQuotes) return;
    else if (char === "'" && !inQuotes) {
      const end = text.indexOf("'", scan.pos + 1);
      scan.pos = end < 0 ? text.length : end + 1;
    } else scan.pos += 1;
  }
}
