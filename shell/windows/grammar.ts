/**
 * Splits PowerShell and cmd lines into pipelines, commands and words. Both languages are larger than that: a script block,
 * an expression or a control statement is named as a problem, and only the commands recognised inside it are given.
 */
import { addProblem, countNode, LIMITS, reachLimit, type ParseBudget } from '../limits.ts';
import type { Place } from '../syntax/scan.ts';
import {
  literalWord,
  NO_SPANS,
  type AssignmentNode,
  type PipelineNode,
  type RedirectionNode,
  type Script,
  type SimpleNode,
  type Span,
  type Substitution,
  type Word,
} from '../syntax/syntax.ts';

export interface WindowsText {
  readonly text: string;
  readonly dialect: 'powershell' | 'cmd';
  readonly place: Place;
  readonly budget: ParseBudget;
  readonly depth: number;
  /** Single quotes quote: always in PowerShell, in cmd where another program wrote the line. */
  readonly singleQuotes: boolean;
  /** Inside brackets that have been named as a problem already. */
  readonly inBrackets?: boolean;
}

/** Reads a whole text. */
export function readWindowsText(source: WindowsText): Script {
  return new Reader(source).read();
}

const POWERSHELL_STATEMENTS =
  /^(?:if|elseif|else|for|foreach|while|do|switch|function|filter|param|try|catch|finally|begin|process|end|class|return|throw|trap|data|using|workflow)$/i;

/** Reading position, and the command under construction. */
class Reader {
  readonly #source: WindowsText;
  readonly #text: string;
  readonly #script: PipelineNode[] = [];
  #members: SimpleNode[] = [];
  #words: Word[] = [];
  #assignments: AssignmentNode[] = [];
  #redirections: RedirectionNode[] = [];
  #commandStart = -1;
  #pos = 0;

  constructor(source: WindowsText) {
    this.#source = source;
    this.#text = source.text;
  }

  get #isPowerShell(): boolean {
    return this.#source.dialect === 'powershell';
  }

  read(): Script {
    const text = this.#text;
    while (this.#pos < text.length && !this.#source.budget.full) {
      const char = text.charAt(this.#pos);
      if (char === ' ' || char === '\t' || char === '\r') this.#pos += 1;
      else if (char === '\n' || (char === ';' && this.#isPowerShell)) this.#separate(1, false);
      else if (char === '&') this.#ampersand();
      else if (char === '|') {
        if (text[this.#pos + 1] === '|') this.#separate(2, false);
        else this.#endCommand(1);
      } else if (this.#skipComment(char)) continue;
      else if (char === '>' || char === '<' || this.#isNumberedRedirection()) this.#readRedirection();
      else this.#readArgument(char);
    }
    this.#endPipeline(false);
    return this.#script;
  }

  #absolute(pos: number): number {
    const { place } = this.#source;
    return 'base' in place ? place.base + pos : place.range.start;
  }

  #absoluteEnd(pos: number): number {
    const { place } = this.#source;
    return 'base' in place ? place.base + pos : place.range.end;
  }

  #problem(what: string, pos: number): void {
    if (this.#source.inBrackets === true) return;
    addProblem(this.#source.budget, `${this.#source.dialect}: ${what}`, this.#absolute(pos));
  }

  #ampersand(): void {
    if (this.#text[this.#pos + 1] === '&') this.#separate(2, false);
    else if (this.#isPowerShell && this.#commandStart < 0)
      this.#pos += 1; // the call operator
    else this.#separate(1, this.#isPowerShell);
  }

  #separate(length: number, background: boolean): void {
    this.#pos += length;
    this.#endPipeline(background);
  }

  #endPipeline(background: boolean): void {
    this.#endCommand(0);
    if (this.#members.length > 0) this.#script.push({ members: this.#members, background, timed: false });
    this.#members = [];
  }

  #endCommand(length: number): void {
    const end = this.#pos;
    this.#pos += length;
    if (this.#commandStart < 0) return;
    const start = this.#absolute(this.#commandStart);
    if (countNode(this.#source.budget, start)) {
      this.#members.push({
        kind: 'simple',
        words: this.#words,
        assignments: this.#assignments,
        redirections: this.#redirections,
        start,
        end: this.#absoluteEnd(end),
      });
    }
    this.#words = [];
    this.#assignments = [];
    this.#redirections = [];
    this.#commandStart = -1;
  }

  #skipComment(char: string): boolean {
    const text = this.#text;
    if (this.#isPowerShell) {
      if (char === '#') this.#pos = indexOrEnd(text, '\n', this.#pos);
      else if (char === '<' && text[this.#pos + 1] === '#') {
        this.#pos = Math.min(indexOrEnd(text, '#>', this.#pos + 2) + 2, text.length);
      } else return false;
      return true;
    }
    if (this.#commandStart >= 0 || !/^(?:rem(?:\s|$)|::)/i.test(text.slice(this.#pos, this.#pos + 4))) return false;
    this.#pos = indexOrEnd(text, '\n', this.#pos);
    return true;
  }

  #isNumberedRedirection(): boolean {
    const char = this.#text.charAt(this.#pos);
    return /[0-9*]/.test(char) && this.#text[this.#pos + 1] === '>';
  }

  #begin(): void {
    if (this.#commandStart < 0) this.#commandStart = this.#pos;
  }

  #readRedirection(): void {
    this.#begin();
    const match = /^([0-9*]?)(>>|>|<)(&[0-9])?/.exec(this.#text.slice(this.#pos, this.#pos + 8));
    if (match === null) {
      this.#pos += 1;
      return;
    }
    const [all, descriptor = '', operator = '>', duplicate] = match;
    const at = this.#pos;
    this.#pos += all.length;
    const fd = descriptor === '' || descriptor === '*' ? (operator === '<' ? 0 : 1) : Number(descriptor);
    if (duplicate !== undefined) {
      const target = literalWord(duplicate.slice(1), this.#absolute(at), this.#absoluteEnd(this.#pos));
      this.#redirections.push({ operator: '>&', fd, target, hereDocument: undefined });
      return;
    }
    while (this.#text[this.#pos] === ' ' || this.#text[this.#pos] === '\t') this.#pos += 1;
    const target = this.#readWord();
    if (target === undefined) this.#problem(`expected a word after ${operator}`, at);
    this.#redirections.push({
      operator: descriptor === '*' ? `&${operator}` : operator,
      fd,
      target,
      hereDocument: undefined,
    });
  }

  #readArgument(char: string): void {
    const isFirst = this.#commandStart < 0;
    if (isFirst && this.#isPowerShell && this.#readAssignment()) return;
    if (isFirst && !this.#isPowerShell && (char === '(' || char === ')' || char === '@')) {
      if (char !== '@') this.#problem('group not parsed', this.#pos);
      this.#pos += 1;
      return;
    }
    this.#begin();
    const start = this.#pos;
    const word = this.#readWord();
    if (word === undefined) {
      this.#problem(`unexpected ${char}`, start);
      this.#pos = Math.max(this.#pos, start + 1);
      return;
    }
    if (!this.#isPowerShell) {
      this.#addCmdWord(word, isFirst, start);
      return;
    }
    if (isFirst && (POWERSHELL_STATEMENTS.test(word.text) || (/^["'$@[({0-9-]/.test(char) && !this.#isCalled(start)))) {
      this.#problem('statement or expression not parsed', start);
    }
    this.#words.push(word);
  }

  /** After `&` or `.` a quoted word is a program. */
  #isCalled(start: number): boolean {
    return /[&.]\s*$/.test(this.#text.slice(Math.max(0, start - 8), start));
  }

  #addCmdWord(word: Word, isFirst: boolean, start: number): void {
    if (isFirst && /^(?:for|if)$/i.test(word.text)) this.#problem('statement not parsed', start);
    const isLoopBody = /^do$/i.test(word.text) && /^for$/i.test(this.#words[0]?.text ?? '');
    if (!isLoopBody) {
      this.#words.push(word);
      return;
    }
    this.#endPipeline(false);
  }

  /** `$name = command`: the command after it is what runs. */
  #readAssignment(): boolean {
    const assignment = /\$\{?([A-Za-z_][\w:]{0,127})\}?[ \t]*[+.]?=(?!=)[ \t]*/y;
    assignment.lastIndex = this.#pos;
    const match = assignment.exec(this.#text);
    const name = match?.[1];
    if (match === null || name === undefined) return false;
    const start = this.#pos;
    this.#begin();
    this.#pos += match[0].length;
    const next = this.#text[this.#pos];
    let value = '';
    const words: Word[] = [];
    if (next !== undefined && !/[A-Za-z&.\n;]/.test(next)) {
      const word = this.#readWord();
      if (word !== undefined) {
        value = word.text;
        words.push(word);
      }
      if (!/^\s*(?:[;\n]|$)/.test(this.#text.slice(this.#pos, this.#pos + 64)))
        this.#problem('expression not parsed', start);
    }
    this.#assignments.push({ name, value, words });
    // The `&` of `$x = & program` calls.
    if (this.#text[this.#pos] === '&') this.#pos += 1;
    return true;
  }

  /** One word, undefined where none begins. Quotes are resolved, escapes folded, brackets kept whole. */
  #readWord(): Word | undefined {
    const text = this.#text;
    const start = this.#pos;
    let out = '';
    let run = start;
    let quoted = false;
    const opaque: Span[] = [];
    const substitutions: Substitution[] = [];
    const flush = (): void => {
      out += text.slice(run, this.#pos);
    };
    const add = (piece: string, next: number, isOpaque = false): void => {
      flush();
      if (isOpaque) opaque.push({ start: out.length, end: out.length + piece.length });
      out += piece;
      this.#pos = Math.min(next, text.length);
      run = this.#pos;
    };
    while (this.#pos < text.length) {
      const at = this.#pos;
      const char = text.charAt(at);
      if (' \t\r\n|&<>'.includes(char) || (char === ';' && this.#isPowerShell)) break;
      if (char === '"' || (char === "'" && this.#source.singleQuotes)) {
        const { value, next } = this.#quoted(char, at);
        add(value, next);
        quoted = true;
      } else if (this.#isPowerShell && (text.startsWith("@'", at) || text.startsWith('@"', at))) {
        const close = indexOrEnd(text, `\n${text.charAt(at + 1)}@`, at + 2);
        add(text.slice(at + 2, close).trim(), close + 3);
        quoted = true;
      } else if (char === (this.#isPowerShell ? '`' : '^')) {
        const isContinuation = text[at + 1] === '\n' || text.startsWith('\r\n', at + 1);
        if (isContinuation) add('', at + (text[at + 1] === '\n' ? 2 : 3));
        else add(text.charAt(at + 1), at + 2);
      } else if (this.#isPowerShell && (char === '(' || char === '{')) {
        const end = this.#bracketEnd(at);
        if (text[at - 1] !== '@') substitutions.push(...this.#readBlock(at + 1, end - 1));
        add(text.slice(at, end), end, true);
      } else if (this.#isPowerShell && char === '$' && /[A-Za-z_{]/.test(text[at + 1] ?? '')) {
        const end = this.#variableEnd(at);
        add(text.slice(at, end), end, true);
      } else if (char === '%' && !this.#isPowerShell) {
        const variable = /%[^%\s"]{1,64}%/y;
        variable.lastIndex = at;
        const match = variable.exec(text);
        if (match === null) this.#pos += 1;
        else add(match[0], at + match[0].length, true);
      } else this.#pos += 1;
    }
    flush();
    if (this.#pos === start) return undefined;
    return {
      text: out,
      start: this.#absolute(start),
      end: this.#absoluteEnd(this.#pos),
      quoted,
      opaque: opaque.length === 0 ? NO_SPANS : opaque,
      substitutions,
    };
  }

  #quoted(quote: string, at: number): { value: string; next: number } {
    const text = this.#text;
    const parts: string[] = [];
    let run = at + 1;
    let pos = run;
    for (; pos < text.length; pos++) {
      const char = text[pos];
      if (char === '`' && quote === '"' && this.#isPowerShell) {
        parts.push(text.slice(run, pos));
        run = pos + 1;
        pos += 1;
      } else if (char === quote) {
        if (text[pos + 1] !== quote || !this.#isPowerShell) break;
        parts.push(text.slice(run, pos + 1));
        pos += 1;
        run = pos + 1;
      }
    }
    if (pos >= text.length) this.#problem(`unterminated ${quote}`, at);
    parts.push(text.slice(run, pos));
    return { value: parts.join(''), next: pos + 1 };
  }

  #variableEnd(at: number): number {
    const variable = /\$(?:\{[^}\n]{0,256}\}|[A-Za-z_][\w:]*)/y;
    variable.lastIndex = at;
    return at + (variable.exec(this.#text)?.[0].length ?? 1);
  }

  /** Index after the bracket that closes the one at `at`, or the end of the text. */
  #bracketEnd(at: number): number {
    const text = this.#text;
    const { budget } = this.#source;
    const closers: string[] = [];
    let pos = at;
    for (; pos < text.length && budget.lookaheadChars <= LIMITS.lookaheadChars; pos++) {
      const char = text.charAt(pos);
      if (char === '`') pos += 1;
      else if (char === "'" || char === '"') pos = indexOrEnd(text, char, pos + 1);
      else if (char === '(' || char === '{') closers.push(char === '(' ? ')' : '}');
      else if (char === closers.at(-1)) {
        closers.pop();
        if (closers.length === 0) break;
      }
    }
    budget.lookaheadChars += pos - at;
    if (budget.lookaheadChars > LIMITS.lookaheadChars) {
      reachLimit(budget, `${LIMITS.lookaheadChars} characters read ahead`, this.#absolute(at));
    } else if (pos < text.length) return pos + 1;
    else this.#problem(`unterminated ${text.charAt(at)}`, at);
    return text.length;
  }

  /** The commands recognised in a script block or an expression in brackets. */
  #readBlock(from: number, to: number): readonly Substitution[] {
    const { budget, depth, place } = this.#source;
    this.#problem('brackets not parsed in full', from - 1);
    if (depth >= LIMITS.nesting) {
      reachLimit(budget, `nesting of ${LIMITS.nesting}`, this.#absolute(from));
      return [];
    }
    const text = this.#text.slice(from, Math.max(from, to));
    if (!/^[\s&.]*[A-Za-z$]/.test(text)) return [];
    const inner: Place = 'base' in place ? { base: place.base + from } : place;
    const body = readWindowsText({ ...this.#source, text, place: inner, depth: depth + 1, inBrackets: true });
    const commands = body
      .map((pipeline) => ({ ...pipeline, members: pipeline.members.filter(isCommand) }))
      .filter((pipeline) => pipeline.members.length > 0);
    return commands.length === 0 ? [] : [{ kind: 'command', body: commands }];
  }
}

/** Inside brackets, a single variable or number is a value and not a command. */
function isCommand(node: PipelineNode['members'][number]): boolean {
  return node.kind === 'simple' && /^[A-Za-z.\\]/.test(node.words[0]?.text ?? '');
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const at = text.indexOf(wanted, from);
  return at < 0 ? text.length : at;
}
