/** Compound commands: groups, conditions, loops, functions. All give the commands inside them, whichever of them run. */
import { createDraft } from './draft.ts';
import { readArithmeticText } from './expansions.ts';
import { readLineEnd, skipLineEnds } from './here-document.ts';
import { countNode } from '../limits.ts';
import { arithmeticEnd } from './lookahead.ts';
import { absolute, absoluteEnd, mayNest, problem, skipBlanks, type Scan } from './scan.ts';
import { readRedirections } from './simple-command.ts';
import { literalWord, NO_WORDS, type CommandNode, type GroupNode, type PipelineNode, type Word } from './syntax.ts';
import { readWord, readWords } from './words.ts';

const RESERVED =
  /(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|select|function|coproc|time|[{}!]|\[\[)(?=[ \t\r\n;&|()<>]|$)/y;

/** The reserved word at the position, or an empty text. */
export function reservedAt(scan: Scan, pos = scan.pos): string {
  RESERVED.lastIndex = pos;
  return RESERVED.exec(scan.text)?.[0] ?? '';
}

const STARTS = new Set(['if', 'for', 'while', 'until', 'case', 'select', 'function', 'coproc', '{', '[[']);

/** Whether a compound command, a negation or another `time` begins at `pos`. */
export function isCompoundStart(scan: Scan, pos: number): boolean {
  if (scan.text[pos] === '(') return true;
  const word = reservedAt(scan, pos);
  return STARTS.has(word) || word === '!' || word === 'time';
}

/** Reads the compound command at the position; undefined where a simple command begins. */
export function readCompound(scan: Scan): CommandNode | undefined {
  const word = scan.text[scan.pos] === '(' ? '(' : reservedAt(scan);
  if (word !== '(' && !STARTS.has(word)) return undefined;
  if (word === '[[') return readTest(scan);
  if (!mayNest(scan)) {
    // Too deep to keep as a group; its commands still follow. Each counts as a problem, so that a row of them ends.
    problem(scan, `nested too deep: ${word}`);
    scan.pos += word.length;
    return groupOf([]);
  }
  scan.depth += 1;
  const command = readNested(scan, word);
  scan.depth -= 1;
  const redirections = readRedirections(scan);
  return redirections.length === 0 ? command : { ...command, redirections };
}

function readNested(scan: Scan, word: string): CommandNode {
  switch (word) {
    case '(':
      return readBrackets(scan);
    case '{':
      scan.pos += 1;
      return readBlock(scan, '}');
    case 'if':
      return readIf(scan);
    case 'while':
    case 'until':
      return readWhile(scan, word);
    case 'for':
    case 'select':
      return readFor(scan, word);
    case 'case':
      return readCase(scan);
    case 'function':
      return readFunction(scan);
    default:
      return readCoprocess(scan);
  }
}

function groupOf(
  body: readonly PipelineNode[],
  words: readonly Word[] = NO_WORDS,
  scope: GroupNode['scope'] = 'branches',
): GroupNode {
  return { kind: 'group', body, words, redirections: [], variable: undefined, isFunction: false, scope };
}

/** Reads a list that runs, if it does, in place of those read before. */
function readAlternative(scan: Scan, body: PipelineNode[]): void {
  const at = body.length;
  scan.grammar.readList(scan, body);
  const first = body[at];
  if (first !== undefined) body[at] = { ...first, isAlternative: true };
}

/** Reads a list that must not be empty. */
function readBody(scan: Scan, body: PipelineNode[], after: string): void {
  const size = body.length;
  if (after === 'elif' || after === 'else') readAlternative(scan, body);
  else scan.grammar.readList(scan, body);
  if (body.length === size && !scan.budget.full) problem(scan, `expected a command after ${after}`);
}

/** Skips the reserved word that is required here. */
function expect(scan: Scan, word: string): boolean {
  skipLineEnds(scan, skipBlanks);
  if (reservedAt(scan) === word) {
    scan.pos += word.length;
    return true;
  }
  if (!scan.budget.full) problem(scan, `expected ${word}`);
  return false;
}

function readBlock(scan: Scan, close: '}' | 'done'): GroupNode {
  const body: PipelineNode[] = [];
  readBody(scan, body, close === '}' ? '{' : 'do');
  expect(scan, close);
  return groupOf(body, NO_WORDS, close === '}' ? 'block' : 'branches');
}

function readBrackets(scan: Scan): CommandNode {
  const { text } = scan;
  const start = scan.pos;
  if (text[start + 1] === '(') {
    const end = arithmeticEnd(scan, start + 2);
    if (end >= 0) return readArithmeticCommand(scan, start, end);
  }
  scan.pos += 1;
  const body: PipelineNode[] = [];
  readBody(scan, body, '(');
  // Stray keywords inside brackets do not hide the closing one.
  while (text[scan.pos] !== ')' && scan.pos < text.length) {
    const stray = reservedAt(scan) || text.slice(scan.pos, scan.pos + 2);
    problem(scan, `unexpected ${stray}`);
    scan.pos += stray.length;
    scan.grammar.readList(scan, body);
  }
  if (text[scan.pos] === ')') scan.pos += 1;
  else if (!scan.budget.full) problem(scan, 'unterminated (', start);
  return groupOf(body, NO_WORDS, 'subshell');
}

function readArithmeticCommand(scan: Scan, start: number, end: number): CommandNode {
  const draft = createDraft();
  scan.pos = start + 2;
  readArithmeticText(scan, draft, end + 2);
  const from = absolute(scan, start);
  const to = absoluteEnd(scan, scan.pos);
  const expression = literalWord(scan.text.slice(start + 2, end).trim(), from, to);
  countNode(scan.budget, from);
  return {
    kind: 'simple',
    words: [literalWord('((', from, to), { ...expression, substitutions: draft.substitutions ?? [] }],
    assignments: [],
    redirections: [],
    start: from,
    end: to,
  };
}

function readIf(scan: Scan): GroupNode {
  const body: PipelineNode[] = [];
  scan.pos += 2;
  for (let word = 'if'; ; word = 'elif') {
    readBody(scan, body, word);
    if (!expect(scan, 'then')) return groupOf(body);
    readBody(scan, body, 'then');
    if (reservedAt(scan) !== 'elif') break;
    scan.pos += 4;
  }
  if (reservedAt(scan) === 'else') {
    scan.pos += 4;
    readBody(scan, body, 'else');
  }
  expect(scan, 'fi');
  return groupOf(body);
}

function readWhile(scan: Scan, word: string): GroupNode {
  const body: PipelineNode[] = [];
  scan.pos += word.length;
  readBody(scan, body, word);
  if (expect(scan, 'do')) {
    readBody(scan, body, 'do');
    expect(scan, 'done');
  }
  return groupOf(body);
}

function readFor(scan: Scan, word: string): GroupNode {
  const words: Word[] = [];
  let variable: string | undefined;
  scan.pos += word.length;
  skipBlanks(scan);
  if (scan.text.startsWith('((', scan.pos)) {
    const head = readForHead(scan);
    if (head !== undefined) words.push(head);
  } else {
    const name = readWord(scan);
    variable = name?.text;
    if (name === undefined) problem(scan, `expected a name after ${word}`);
    skipLineEnds(scan, skipBlanks);
    if (/^in(?![^ \t\r\n;&|()<>])/.test(scan.text.slice(scan.pos, scan.pos + 3))) {
      scan.pos += 2;
      readForWords(scan, words);
    }
  }
  skipBlanks(scan);
  if (scan.text[scan.pos] === ';') scan.pos += 1;
  skipLineEnds(scan, skipBlanks);
  if (reservedAt(scan) === '{') {
    scan.pos += 1;
    return { ...readBlock(scan, '}'), words, variable, scope: 'branches' };
  }
  if (!expect(scan, 'do')) return groupOf([], words);
  return { ...readBlock(scan, 'done'), words, variable };
}

function readForWords(scan: Scan, words: Word[]): void {
  for (;;) {
    skipBlanks(scan);
    const before = scan.pos;
    // Data, so braces need no expansion: `{1..65535}` is one word here.
    for (const word of readWords(scan, { single: true })) words.push(word);
    if (scan.pos === before) return;
  }
}

/** Reads `((i = 0; i < 3; i++))`. */
function readForHead(scan: Scan): Word | undefined {
  const start = scan.pos;
  const end = arithmeticEnd(scan, start + 2);
  if (end < 0) {
    problem(scan, 'unterminated ((');
    return undefined;
  }
  const draft = createDraft();
  scan.pos = start + 2;
  readArithmeticText(scan, draft, end + 2);
  const word = literalWord(scan.text.slice(start, scan.pos), absolute(scan, start), absoluteEnd(scan, scan.pos));
  return { ...word, substitutions: draft.substitutions ?? [] };
}

function readCase(scan: Scan): GroupNode {
  const { text } = scan;
  const words: Word[] = [];
  const body: PipelineNode[] = [];
  scan.pos += 4;
  skipBlanks(scan);
  const subject = readWord(scan);
  if (subject === undefined) problem(scan, 'expected a word after case');
  else words.push(subject);
  skipLineEnds(scan, skipBlanks);
  if (!/^in(?![^ \t\r\n;&|()<>])/.test(text.slice(scan.pos, scan.pos + 3))) {
    problem(scan, 'expected in');
    return groupOf(body, words);
  }
  scan.pos += 2;
  for (;;) {
    skipLineEnds(scan, skipBlanks);
    if (reservedAt(scan) === 'esac') break;
    if (!readPatterns(scan, words)) return groupOf(body, words);
    readAlternative(scan, body);
    if (text[scan.pos] !== ';') break;
    scan.pos += text.startsWith(';;&', scan.pos) ? 3 : 2;
  }
  expect(scan, 'esac');
  return groupOf(body, words);
}

/** Reads `(a | b)` of one case, up to and with the closing bracket. */
function readPatterns(scan: Scan, words: Word[]): boolean {
  const { text } = scan;
  if (text[scan.pos] === '(') scan.pos += 1;
  for (;;) {
    skipBlanks(scan);
    const pattern = readWord(scan);
    if (pattern === undefined) break;
    words.push(pattern);
    skipBlanks(scan);
    if (text[scan.pos] === ')') {
      scan.pos += 1;
      return true;
    }
    if (text[scan.pos] !== '|') break;
    scan.pos += 1;
  }
  if (!scan.budget.full) problem(scan, 'expected a pattern');
  return false;
}

/** Reads the body of a function, after its head. */
export function readFunctionBody(scan: Scan): CommandNode {
  skipLineEnds(scan, skipBlanks);
  scan.depth += 1;
  const at = scan.pos;
  const isCompound = isCompoundStart(scan, at);
  const command = scan.grammar.readCommand(scan);
  scan.depth -= 1;
  if (!isCompound && !scan.budget.full) problem(scan, 'expected the body of a function', at);
  if (command?.kind === 'group') return { ...command, isFunction: true };
  const body = command === undefined ? [] : [{ members: [command], background: false, timed: false }];
  return { ...groupOf(body), isFunction: true };
}

function readFunction(scan: Scan): CommandNode {
  scan.pos += 8;
  skipBlanks(scan);
  if (readWord(scan) === undefined) problem(scan, 'expected a name after function');
  skipBlanks(scan);
  const brackets = /\([ \t]*\)/y;
  brackets.lastIndex = scan.pos;
  scan.pos += brackets.exec(scan.text)?.[0].length ?? 0;
  return readFunctionBody(scan);
}

/** Reads `coproc [NAME] command`: it runs beside the shell. */
function readCoprocess(scan: Scan): GroupNode {
  scan.pos += 6;
  skipBlanks(scan);
  const name = /[A-Za-z_][A-Za-z0-9_]*[ \t]+/y;
  name.lastIndex = scan.pos;
  const match = name.exec(scan.text);
  const isNamed = match !== null && reservedAt(scan) === '' && isCompoundStart(scan, scan.pos + match[0].length);
  if (isNamed) scan.pos += match[0].length;
  const command = scan.grammar.readCommand(scan);
  if (command === undefined && !scan.budget.full) problem(scan, 'expected a command after coproc');
  return groupOf(command === undefined ? [] : [{ members: [command], background: true, timed: false }]);
}

/** Reads `[[ … ]]` as a command named `[[`; its operators are its arguments. */
function readTest(scan: Scan): CommandNode {
  const { text } = scan;
  const start = scan.pos;
  scan.pos += 2;
  const words: Word[] = [literalWord('[[', absolute(scan, start), absoluteEnd(scan, scan.pos))];
  for (;;) {
    skipBlanks(scan);
    const char = text[scan.pos];
    if (char === undefined) {
      problem(scan, 'unterminated [[', start);
      break;
    }
    if (char === '\n') {
      readLineEnd(scan);
      continue;
    }
    const operator = /&&|\|\||[()<>;&|]/y;
    operator.lastIndex = scan.pos;
    const match =
      words.at(-1)?.text === '=~' || /^[<>]\(/.test(text.slice(scan.pos, scan.pos + 2)) ? null : operator.exec(text);
    if (match !== null) {
      if (match[0] === ';' || match[0] === '&' || match[0] === '|') {
        problem(scan, 'unterminated [[', start);
        break;
      }
      words.push(literalWord(match[0], absolute(scan, scan.pos), absoluteEnd(scan, scan.pos + match[0].length)));
      scan.pos += match[0].length;
      continue;
    }
    const before = scan.pos;
    const read = readWords(scan, { single: true, regex: words.at(-1)?.text === '=~' });
    for (const word of read) words.push(word);
    if (read.length === 1 && read[0]?.text === ']]' && !read[0].quoted) break;
    if (scan.pos === before) {
      problem(scan, `unexpected ${char}`);
      scan.pos += 1;
    }
  }
  const end = scan.pos;
  countNode(scan.budget, absolute(scan, start));
  const redirections = readRedirections(scan);
  return {
    kind: 'simple',
    words,
    assignments: [],
    redirections,
    start: absolute(scan, start),
    end: absoluteEnd(scan, end),
  };
}
