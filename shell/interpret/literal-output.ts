/** Predicts the output of simple commands without running them: `echo`, `printf`, `cat <<EOF`, `base64 -d` of literal text. */
import { decodeAnsiC } from '../ansi-c.ts';
import { decodeBase64, utf8Text } from '../base64.ts';
import { LIMITS } from '../limits.ts';
import { joinWords } from './options.ts';
import { literalWord, type Word } from '../syntax/syntax.ts';

/** The programs that `literalOutput` knows. */
export const WRITERS: ReadonlySet<string> = new Set([
  'echo',
  'printf',
  'cat',
  'tee',
  'base64',
  'gbase64',
  'base32',
  'xxd',
  'openssl',
  'rev',
  'tr',
]);

/**
 * @param words the program and its arguments
 * @param input its standard input, if known
 * @returns undefined if the output cannot be predicted
 */
export function literalOutput(program: string, words: readonly Word[], input: Word | undefined): Word | undefined {
  const output = outputOf(program, words, input);
  return output === undefined || output.text.length > LIMITS.literalOutputChars ? undefined : output;
}

function outputOf(program: string, words: readonly Word[], input: Word | undefined): Word | undefined {
  const texts = words.slice(1).map((word) => word.text);
  switch (program) {
    case 'echo':
      return echo(words);
    case 'printf':
      return printf(words);
    case 'cat':
      return texts.every((text) => text === '-' || text === '/dev/stdin') ? input : undefined;
    case 'tee':
      return input;
    case 'base64':
    case 'gbase64':
      return texts.some((text) => /^(?:-[a-zA-Z]*[dD][a-zA-Z]*|--decode)$/.test(text)) && !namesFile(texts, /^-[wbi]$/)
        ? rewrite(input, decodedText)
        : undefined;
    case 'openssl': {
      const isDecoding =
        texts.includes('-d') && (texts.includes('base64') || texts.includes('-base64') || texts.includes('-a'));
      return isDecoding && !texts.includes('-in') ? rewrite(input, decodedText) : undefined;
    }
    case 'xxd':
      return texts.length > 0 &&
        texts.every((text) => /^-(?:r|p|ps|plain|rp|pr)$/.test(text)) &&
        /r/.test(texts.join(''))
        ? rewrite(input, hexText)
        : undefined;
    case 'rev':
      return texts.length === 0 ? rewrite(input, reverseLines) : undefined;
    case 'tr':
      return rewrite(input, (text) => translate(text, texts));
    default:
      return undefined;
  }
}

function namesFile(texts: readonly string[], takesValue: RegExp): boolean {
  return texts.some((text, at) => text !== '-' && !text.startsWith('-') && !takesValue.test(texts[at - 1] ?? ''));
}

/** Applies a function to a word's text; undefined if part of the text is unknown. */
function rewrite(input: Word | undefined, change: (text: string) => string | undefined): Word | undefined {
  if (input === undefined || input.opaque.length > 0 || input.text.length > LIMITS.literalOutputChars) return undefined;
  const text = change(input.text);
  return text === undefined ? undefined : literalWord(text, input.start, input.end, true);
}

function decodedText(text: string): string | undefined {
  const bytes = decodeBase64(text);
  return bytes === undefined || bytes.length === 0 ? undefined : utf8Text(bytes);
}

function hexText(text: string): string | undefined {
  const digits = text.replace(/\s+/g, '');
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  return utf8Text(bytes);
}

function reverseLines(text: string): string {
  return text
    .split('\n')
    .map((line) => Array.from(line).reverse().join(''))
    .join('\n');
}

/** `tr` with plain sets and ranges, and `tr -d`; classes and complements are not predicted. */
function translate(text: string, args: readonly string[]): string | undefined {
  const isDeleting = args[0] === '-d' || args[0] === '--delete';
  const from = letters(args[isDeleting ? 1 : 0]);
  const to = isDeleting ? [] : letters(args[1]);
  if (from === undefined || to === undefined || args.length !== 2) return undefined;
  const last = to.at(-1);
  if (!isDeleting && last === undefined) return undefined;
  const map = new Map(from.map((letter, index) => [letter, isDeleting ? '' : (to[index] ?? last ?? '')]));
  return Array.from(text, (letter) => map.get(letter) ?? letter).join('');
}

function letters(set: string | undefined): readonly string[] | undefined {
  if (set === undefined || set.length > 256 || set.startsWith('-') || set.includes('[:')) return undefined;
  const written = Array.from(decodeAnsiC(set));
  const all: string[] = [];
  for (let index = 0; index < written.length; index++) {
    const letter = written[index] ?? '';
    const last = written[index + 2];
    if (written[index + 1] !== '-' || last === undefined) {
      all.push(letter);
      continue;
    }
    const [from, to] = [letter.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0];
    if (to < from || to - from > 256) return undefined;
    for (let code = from; code <= to; code++) all.push(String.fromCodePoint(code));
    index += 2;
  }
  return all;
}

function echo(words: readonly Word[]): Word | undefined {
  let at = 1;
  let escapes = false;
  for (; at < words.length; at++) {
    const text = words[at]?.text ?? '';
    if (!/^-[neE]+$/.test(text)) break;
    escapes = text.lastIndexOf('e') > text.lastIndexOf('E') || (escapes && !text.includes('E'));
  }
  const said = joinWords(words.slice(at));
  if (said === undefined || !escapes) return said;
  return rewrite(said, (text) => decodeAnsiC(text, true));
}

/** `printf` with `%s`, `%b`, `%c`-free formats; the format is repeated until all arguments are used, as in the shell. */
function printf(words: readonly Word[]): Word | undefined {
  const at = words[1]?.text === '--' ? 2 : 1;
  const format = words[at];
  const args = words.slice(at + 1);
  if (format === undefined || format.text.startsWith('-') || format.opaque.length > 0) return undefined;
  if (args.length === 0 && !format.text.includes('%')) return rewrite(format, (text) => decodeAnsiC(text));
  const parts = format.text.split(/(%[sb%])/);
  if (parts.some((part, index) => index % 2 === 0 && part.includes('%'))) return undefined;
  const takes = parts.filter((part) => part === '%s' || part === '%b').length;
  if (takes === 0 && args.length > 0) return undefined;
  const pieces: Word[] = [];
  let next = 0;
  let size = 0;
  do {
    for (const part of parts) {
      const argument = part === '%s' || part === '%b' ? args[next++] : undefined;
      const piece = pieceOf(part, argument, format);
      if (piece === undefined) return undefined;
      size += piece.text.length;
      if (size > LIMITS.literalOutputChars || pieces.length > LIMITS.expandedWords * 8) return undefined;
      pieces.push(piece);
    }
  } while (next < args.length);
  return concatenate(pieces);
}

function pieceOf(part: string, argument: Word | undefined, format: Word): Word | undefined {
  const literal = (text: string): Word => literalWord(text, format.start, format.end, true);
  if (part === '%%') return literal('%');
  if (part === '%s') return argument ?? literal('');
  if (part !== '%b') return literal(decodeAnsiC(part));
  if (argument === undefined) return literal('');
  return argument.opaque.length > 0 ? argument : literal(decodeAnsiC(argument.text, true));
}

function concatenate(pieces: readonly Word[]): Word | undefined {
  const [first] = pieces;
  if (first === undefined) return undefined;
  const opaque: { start: number; end: number }[] = [];
  let length = 0;
  for (const piece of pieces) {
    for (const span of piece.opaque) opaque.push({ start: span.start + length, end: span.end + length });
    length += piece.text.length;
  }
  return { ...first, text: pieces.map((piece) => piece.text).join(''), quoted: true, opaque, substitutions: [] };
}
