/** The grammar of POSIX shells and bash: lists, pipelines and commands (POSIX.1-2017, XCU 2.10; Bash Reference Manual). */
import { isCompoundStart, readCompound, readFunctionBody, reservedAt } from './compound.ts';
import { skipLineEnds } from './here-document.ts';
import type { ParseBudget } from '../limits.ts';
import {
  createScan,
  isDelimiter,
  mayNest,
  problem,
  skipBlanks,
  type Grammar,
  type Opaque,
  type Place,
  type Scan,
} from './scan.ts';
import { readSimpleCommand } from './simple-command.ts';
import type { CommandNode, PipelineNode, Script } from './syntax.ts';

/** Reads a whole text; what cannot be parsed is named in the budget and stepped over. */
export function readShellText(text: string, place: Place, budget: ParseBudget, depth: number, opaque?: Opaque): Script {
  return readScript(createScan(text, place, budget, depth, GRAMMAR, opaque), undefined);
}

const GRAMMAR: Grammar = { readScript, readList, readCommand };

function readScript(scan: Scan, until: ')' | '}' | undefined): Script {
  const script: PipelineNode[] = [];
  for (;;) {
    readList(scan, script);
    const char = scan.text[scan.pos];
    if (char === undefined || char === until) return script;
    // A closing token that closes nothing: what follows is still read.
    const token = reservedAt(scan) || (char === ';' ? scan.text.slice(scan.pos, scan.pos + 2) : char);
    problem(scan, `unexpected ${token}`);
    scan.pos += token.length;
  }
}

/** A pipeline whose `&` may still follow. */
type OpenPipeline = { -readonly [Key in keyof PipelineNode]: PipelineNode[Key] };

function readList(scan: Scan, into: PipelineNode[]): void {
  const { text, budget } = scan;
  let andOr: OpenPipeline[] = []; // one `a && b || c`, which goes to the background as a whole
  let joined: '&&' | '||' | undefined;
  for (;;) {
    skipLineEnds(scan, skipBlanks);
    if (budget.full) scan.pos = text.length;
    const char = text[scan.pos];
    if (char === undefined || char === ')' || isCaseEnd(text, scan.pos)) return;
    if (char === ';' || char === '|' || (char === '&' && text[scan.pos + 1] !== '>')) {
      problem(scan, `unexpected ${char}`);
      scan.pos += 1;
      continue;
    }
    if (isCloser(scan)) return;
    const before = scan.pos;
    const pipeline = readPipeline(scan);
    if (joined !== undefined && andOr.length > 0) pipeline.joined = joined;
    andOr.push(pipeline);
    into.push(pipeline);
    skipBlanks(scan);
    const next = text[scan.pos];
    if (next === '&' && text[scan.pos + 1] === '&') {
      readConnector(scan, (joined = '&&'));
      continue;
    }
    if (next === '|' && text[scan.pos + 1] === '|') {
      readConnector(scan, (joined = '||'));
      continue;
    }
    if (next === '&') for (const part of andOr) part.background = true;
    andOr = [];
    if (next === undefined || next === '\n' || next === ')') continue;
    if (next === '&' || (next === ';' && !isCaseEnd(text, scan.pos))) scan.pos += 1;
    else if (next !== ';' && !isCloser(scan)) {
      problem(scan, `unexpected ${next}`);
      if (scan.pos === before) scan.pos += 1;
    }
  }
}

function readConnector(scan: Scan, operator: '&&' | '||' | '|'): void {
  const at = scan.pos;
  scan.pos += operator.length;
  skipLineEnds(scan, skipBlanks);
  const next = scan.text[scan.pos];
  const isMissing = next === undefined || ');'.includes(next) || isCloser(scan);
  if (isMissing && !scan.budget.full) problem(scan, `expected a command after ${operator}`, at);
}

function isCaseEnd(text: string, pos: number): boolean {
  return text[pos] === ';' && (text[pos + 1] === ';' || text[pos + 1] === '&');
}

const CLOSERS = new Set(['then', 'do', 'done', 'fi', 'elif', 'else', 'esac', '}']);

function isCloser(scan: Scan): boolean {
  return CLOSERS.has(reservedAt(scan));
}

function readPipeline(scan: Scan): OpenPipeline {
  const { text } = scan;
  let timed = false;
  let negated = false;
  for (;;) {
    skipBlanks(scan);
    if (text[scan.pos] === '!' && (isDelimiter(text.charCodeAt(scan.pos + 1)) || text[scan.pos + 1] === '(')) {
      scan.pos += 1;
      negated = true;
    } else if (isTimeKeyword(scan)) {
      timed = true;
      scan.pos += 4;
    } else break;
  }
  const members: CommandNode[] = [];
  if ((text[scan.pos] === '&' && text[scan.pos + 1] !== '>') || text[scan.pos] === '|')
    problem(scan, 'expected a command');
  for (;;) {
    if (members.length > 0 && reservedAt(scan) === '!') {
      problem(scan, 'unexpected !');
      scan.pos += 1;
      skipBlanks(scan);
    }
    const command = readCommand(scan);
    if (command !== undefined) members.push(command);
    skipBlanks(scan);
    if (text[scan.pos] !== '|' || text[scan.pos + 1] === '|') break;
    if (text[scan.pos + 1] === '&') scan.pos += 1;
    readConnector(scan, '|');
    if (scan.text[scan.pos] === '|') break;
  }
  return negated ? { members, background: false, timed, negated } : { members, background: false, timed };
}

/** `time` before a compound command is a keyword; before anything else it is treated as the program of that name. */
function isTimeKeyword(scan: Scan): boolean {
  if (!scan.text.startsWith('time', scan.pos)) return false;
  let pos = scan.pos + 4;
  if (!isDelimiter(scan.text.charCodeAt(pos))) return false;
  while (scan.text[pos] === ' ' || scan.text[pos] === '\t') pos += 1;
  return isCompoundStart(scan, pos);
}

function readCommand(scan: Scan): CommandNode | undefined {
  if (scan.budget.full) {
    scan.pos = scan.text.length;
    return undefined;
  }
  const compound = readCompound(scan);
  if (compound !== undefined) return compound;
  const simple = readSimpleCommand(scan);
  if (simple !== 'function') return simple;
  if (!mayNest(scan)) return undefined;
  return readFunctionBody(scan);
}
