/** Reads a simple command: assignments, words and redirections up to an operator. */
import { readLineEnd } from './here-document.ts';
import { countNode } from '../limits.ts';
import { skipBalanced } from './lookahead.ts';
import { absolute, absoluteEnd, problem, skipBlanks, type Scan } from './scan.ts';
import type { AssignmentNode, HereDocument, RedirectionNode, SimpleNode, Word } from './syntax.ts';
import { literalWord, NO_SPANS } from './syntax.ts';
import { isNamePart, readWord, readWords } from './words.ts';

/** A simple command, or the head of a function: `name ()`, read up to the closing bracket. */
export type SimpleCommandRead = SimpleNode | 'function' | undefined;

/** Builtins whose arguments may be array assignments. */
export const DECLARATIONS = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);

const IN_FRONT = { assignment: true } as const;
const BEHIND = {} as const;

/** Reads the command at the position; undefined where none begins. */
export function readSimpleCommand(scan: Scan): SimpleCommandRead {
  const { text } = scan;
  const start = scan.pos;
  const words: Word[] = [];
  const assignments: AssignmentNode[] = [];
  const redirections: RedirectionNode[] = [];
  let end = start;
  for (; scan.pos < text.length; end = scan.pos) {
    skipBlanks(scan);
    if (isRedirection(scan)) {
      redirections.push(readRedirection(scan));
      continue;
    }
    if (text[scan.pos] === '(') {
      // Bash reads any one word as the name, quoted or not, and checks it only when the definition runs.
      if (words.length === 1 && assignments.length === 0 && redirections.length === 0) {
        if (readEmptyBrackets(scan)) return 'function';
      }
      if (end === start) break;
      problem(scan, 'unexpected (');
      const close = skipBalanced(scan, scan.pos + 1, '(', ')');
      scan.pos = close < 0 ? text.length : close;
      continue;
    }
    const read = readWords(scan, words.length === 0 ? IN_FRONT : BEHIND);
    const [first] = read;
    if (first === undefined) {
      // A word that is only `$IFS` is read and gives no word; an operator is not read.
      if (scan.pos > end && !isOperator(text, scan.pos)) continue;
      break;
    }
    const isArray = first.valueAt !== undefined && text[scan.pos] === '(';
    if (words.length === 0 && first.valueAt !== undefined) {
      assignments.push(isArray ? readArray(scan, first) : assignmentOf(first));
    } else if (isArray && DECLARATIONS.has(words[0]?.text ?? '')) {
      const array = readArray(scan, first);
      const name = literalWord(`${first.text}${array.value}`, first.start, absoluteEnd(scan, scan.pos));
      words.push({ ...name, substitutions: array.words.flatMap((word) => word.substitutions) });
    } else for (const word of read) words.push(word);
  }
  if (end === start || !countNode(scan.budget, absolute(scan, start))) return undefined;
  return {
    kind: 'simple',
    words,
    assignments,
    redirections,
    start: absolute(scan, start),
    end: absoluteEnd(scan, end),
  };
}

function isOperator(text: string, pos: number): boolean {
  const char = text[pos];
  return char === undefined || '\n;&|)'.includes(char) || (char === '\r' && text[pos + 1] === '\n');
}

function readEmptyBrackets(scan: Scan): boolean {
  let pos = scan.pos + 1;
  while (scan.text[pos] === ' ' || scan.text[pos] === '\t') pos += 1;
  if (scan.text[pos] !== ')') return false;
  scan.pos = pos + 1;
  return true;
}

function assignmentOf(word: Word): AssignmentNode {
  const valueAt = word.valueAt ?? 0;
  return { name: nameOf(word.text, valueAt), value: word.text.slice(valueAt), words: [word] };
}

function nameOf(text: string, valueAt: number): string {
  const end = text[valueAt - 2] === '+' ? valueAt - 2 : valueAt - 1;
  return text.slice(0, end);
}

/** Reads `(a b [k]=v)` at the position, after `name=`. */
function readArray(scan: Scan, head: Word): AssignmentNode {
  const { text } = scan;
  const opened = scan.pos;
  const words: Word[] = [head];
  const values: string[] = [];
  scan.pos += 1;
  for (;;) {
    skipBlanks(scan);
    const char = text[scan.pos];
    if (char === ')' || char === undefined) break;
    if (char === '\n') {
      readLineEnd(scan);
      continue;
    }
    const before = scan.pos;
    for (const word of readWords(scan, BEHIND)) {
      words.push(word);
      values.push(word.text);
    }
    if (scan.pos === before) {
      problem(scan, `unexpected ${char}`);
      scan.pos += 1;
    }
  }
  if (text[scan.pos] === ')') scan.pos += 1;
  else problem(scan, 'unterminated (', opened);
  return { name: nameOf(head.text, head.valueAt ?? 0), value: `(${values.join(' ')})`, words };
}

/** Whether a redirection begins here: `>`, `2>`, `{fd}>`, `&>`; `<(` and `>(` begin a word. */
export function isRedirection(scan: Scan): boolean {
  const { text } = scan;
  const char = text[scan.pos];
  if (char === '<' || char === '>') return text[scan.pos + 1] !== '(';
  if (char === '&') return text[scan.pos + 1] === '>';
  if (char === undefined || !(char === '{' || (char >= '0' && char <= '9'))) return false;
  const at = endOfDescriptor(text, scan.pos);
  return at > scan.pos && (text[at] === '<' || text[at] === '>');
}

/** Index after a file descriptor, `2` or `{name}`; the position itself when there is none. */
function endOfDescriptor(text: string, from: number): number {
  let pos = from;
  if (text[from] === '{') {
    pos += 1;
    while (isNamePart(text.charCodeAt(pos))) pos += 1;
    return text[pos] === '}' && pos > from + 1 ? pos + 1 : from;
  }
  while ((text[pos] ?? '') >= '0' && (text[pos] ?? '') <= '9' && pos < from + 10) pos += 1;
  return pos;
}

const OPERATORS = ['<<<', '<<-', '&>>', '<<', '<>', '<&', '>>', '>|', '>&', '&>', '<', '>'] as const;

/** A descriptor that the shell chooses, as in `{fd}>file`, is 10 or more. */
const CHOSEN_DESCRIPTOR = 10;

export function readRedirection(scan: Scan): RedirectionNode {
  const { text } = scan;
  const start = scan.pos;
  scan.pos = endOfDescriptor(text, start);
  const descriptor = text.slice(start, scan.pos);
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, scan.pos)) ?? '>';
  scan.pos += operator.length;
  const fd =
    descriptor === ''
      ? operator.startsWith('<')
        ? 0
        : 1
      : descriptor.startsWith('{')
        ? CHOSEN_DESCRIPTOR
        : Number(descriptor);
  skipBlanks(scan);
  const target = readWord(scan);
  if (target === undefined) problem(scan, `expected a word after ${operator}`);
  if (target === undefined || (operator !== '<<' && operator !== '<<-')) {
    return { operator, fd, target, hereDocument: undefined };
  }
  const hereDocument: HereDocument = {
    delimiter: target.text,
    expands: !target.quoted,
    stripsTabs: operator === '<<-',
    body: undefined,
  };
  scan.pending.push(hereDocument);
  return { operator, fd, target: { ...target, opaque: NO_SPANS, substitutions: [] }, hereDocument };
}

/** Reads the redirections that follow a compound command. */
export function readRedirections(scan: Scan): readonly RedirectionNode[] {
  const redirections: RedirectionNode[] = [];
  for (;;) {
    skipBlanks(scan);
    if (!isRedirection(scan)) return redirections;
    redirections.push(readRedirection(scan));
  }
}
