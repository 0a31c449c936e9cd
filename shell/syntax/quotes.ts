/** Reads quoted stretches of a word: single and double quotes, `$'…'`, and text in which only escapes and expansions count. */
import { decodeAnsiC, endOfAnsiC } from '../ansi-c.ts';
import type { Draft } from './draft.ts';
import { readBackticks, readDollar } from './expansions.ts';
import { opaqueEnd, problem, type Scan } from './scan.ts';

export function readSingleQuotes(scan: Scan, draft: Draft): void {
  const { text } = scan;
  const from = scan.pos + 1;
  let end = text.indexOf("'", from);
  if (scan.opaque !== undefined) end = endBeyondOpaque(scan, from);
  if (end < 0) problem(scan, "unterminated '");
  draft.pieces.push({ text: text.slice(from, end < 0 ? text.length : end), kind: 'quoted' });
  draft.quoted = true;
  scan.pos = end < 0 ? text.length : end + 1;
}

/** In a script that was itself expanded, quotes inside the expansion are not the script's. */
function endBeyondOpaque(scan: Scan, from: number): number {
  for (let pos = from; pos < scan.text.length;) {
    const opaque = opaqueEnd(scan, pos);
    if (opaque > pos) pos = opaque;
    else if (scan.text[pos] === "'") return pos;
    else pos += 1;
  }
  return -1;
}

export function readAnsiC(scan: Scan, draft: Draft): void {
  const from = scan.pos + 2;
  const end = endOfAnsiC(scan.text, from);
  if (end < 0) problem(scan, "unterminated $'");
  const until = end < 0 ? scan.text.length : end;
  draft.pieces.push({ text: decodeAnsiC(scan.text.slice(from, until)), kind: 'quoted' });
  draft.quoted = true;
  scan.pos = end < 0 ? until : end + 1;
}

/** Reads up to the closing `"`, after the opening one. */
export function readDoubleQuotes(scan: Scan, draft: Draft): void {
  const opened = scan.pos - 1;
  draft.quoted = true;
  // "" is a word, if an empty one.
  draft.pieces.push({ text: '', kind: 'quoted' });
  readQuotedText(scan, draft, '"');
  if (scan.text[scan.pos] === '"') scan.pos += 1;
  else problem(scan, 'unterminated "', opened);
}

/** Reads up to the closing quote, without it, or to the end: in here-documents a quote closes nothing. */
export function readQuotedText(scan: Scan, draft: Draft, quote: '"' | undefined): void {
  const { text } = scan;
  let run = scan.pos;
  const flush = (): void => {
    if (scan.pos > run) draft.pieces.push({ text: text.slice(run, scan.pos), kind: 'quoted' });
  };
  while (scan.pos < text.length && text[scan.pos] !== quote) {
    const char = text[scan.pos];
    if (char === '\\') {
      const next = text[scan.pos + 1];
      const isEscaped =
        next === '$' || next === '`' || next === '\\' || next === '\n' || (next === '"' && quote === '"');
      if (isEscaped) {
        flush();
        if (next !== '\n') draft.pieces.push({ text: next, kind: 'quoted' });
        run = scan.pos + 2;
      }
      scan.pos += isEscaped ? 2 : 1;
    } else if (char === '$' || char === '`') {
      flush();
      if (char === '$') readDollar(scan, draft, true);
      else readBackticks(scan, draft, true);
      run = scan.pos;
    } else scan.pos += 1;
  }
  flush();
}
