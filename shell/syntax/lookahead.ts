/** Reading ahead over brackets without recursion: how far does this one reach, and is it arithmetic? */
import { LIMITS } from '../limits.ts';
import { limit, type Scan } from './scan.ts';

/**
 * Index just after the bracket that closes the one opened before `from`, or -1 when none does.
 *
 * Quotes and backslashes hide brackets; nested quotes inside substitutions are not followed, which is enough to step over.
 */
export function skipBalanced(scan: Scan, from: number, open: string, close: string): number {
  const { text, budget } = scan;
  let level = 1;
  let pos = from;
  for (; pos < text.length; pos++) {
    const char = text[pos];
    if (char === '\\') pos += 1;
    else if (char === "'" || char === '"') {
      const end = endOfQuote(text, pos + 1, char);
      if (end < 0) break;
      pos = end;
    } else if (char === open) level += 1;
    else if (char === close && --level === 0) {
      budget.lookaheadChars += pos - from;
      return pos + 1;
    }
  }
  budget.lookaheadChars += text.length - from;
  return -1;
}

function endOfQuote(text: string, from: number, quote: string): number {
  if (quote === "'") return text.indexOf("'", from);
  for (let pos = from; pos < text.length; pos++) {
    if (text[pos] === '\\') pos += 1;
    else if (text[pos] === '"') return pos;
  }
  return -1;
}

/**
 * Where the arithmetic opened by `((` before `from` closes: the index of its `))`. -1 when the bracket that closes the
 * inner one is not followed at once by the outer's, and the two are subshells, as in `((a); b)`.
 */
export function arithmeticEnd(scan: Scan, from: number): number {
  if (scan.budget.lookaheadChars > LIMITS.lookaheadChars) {
    limit(scan, `${LIMITS.lookaheadChars} characters read ahead`);
    return -1;
  }
  const inner = skipBalanced(scan, from, '(', ')');
  return inner >= 0 && scan.text[inner] === ')' ? inner - 1 : -1;
}

/** Whether the `[` before `from` closes soon and is followed by `=`: an array element assigned to, not a glob. */
export function isSubscript(text: string, from: number): boolean {
  const horizon = Math.min(text.length, from + 256);
  let level = 1;
  for (let pos = from; pos < horizon; pos++) {
    const char = text[pos];
    if (char === '\n') return false;
    if (char === '[') level += 1;
    else if (char === ']' && --level === 0) {
      return text[pos + 1] === '=' || (text[pos + 1] === '+' && text[pos + 2] === '=');
    }
  }
  return false;
}
