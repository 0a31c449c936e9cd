/** Reads the bodies of here-documents, which begin after the line that announces them. */
import { absolute, absoluteEnd, createScan, mayNest, placeAt, placeOf, type Scan } from './scan.ts';
import { literalWord, type HereDocument, type Word } from './syntax.ts';
import { readBody } from './words.ts';

/** Steps over a line end, and over the bodies of the here-documents announced before it. */
export function readLineEnd(scan: Scan): void {
  scan.pos += 1;
  if (scan.pending.length === 0) return;
  const documents = scan.pending;
  scan.pending = [];
  for (const document of documents) document.body = readDocument(scan, document);
}

/** Steps over blanks, comments and line ends. */
export function skipLineEnds(scan: Scan, skipBlanks: (scan: Scan) => void): void {
  for (;;) {
    skipBlanks(scan);
    if (scan.text[scan.pos] !== '\n') return;
    readLineEnd(scan);
  }
}

function readDocument(scan: Scan, document: HereDocument): Word {
  const { text } = scan;
  const from = scan.pos;
  let until = text.length;
  let next = text.length;
  for (let line = from; line < text.length;) {
    const newline = text.indexOf('\n', line);
    const end = newline < 0 ? text.length : newline;
    const closing = closingAt(scan, document, line, end);
    if (closing >= 0) {
      until = line;
      next = closing;
      break;
    }
    line = end + 1;
  }
  scan.pos = next;
  const written = text.slice(from, until);
  const body = document.stripsTabs ? written.replace(/^\t+/gm, '') : written;
  const hasExpansions = document.expands && /[$`\\]/.test(body);
  if (!hasExpansions || !mayNest(scan)) return literalWord(body, absolute(scan, from), absoluteEnd(scan, until), true);
  const isExact = body.length === written.length;
  const shifted = scan.opaque && { ends: scan.opaque.ends, shift: scan.opaque.shift + from };
  return readBody(
    createScan(
      body,
      isExact ? placeAt(scan, from) : placeOf(scan, from, until),
      scan.budget,
      scan.depth + 1,
      scan.grammar,
      isExact ? shifted : undefined,
    ),
  );
}

/** Where reading continues if the line is the delimiter, else -1. */
function closingAt(scan: Scan, document: HereDocument, line: number, end: number): number {
  const { text } = scan;
  const { delimiter } = document;
  let at = line;
  while (document.stripsTabs && text[at] === '\t') at += 1;
  if (!text.startsWith(delimiter, at)) return -1;
  const after = at + delimiter.length;
  if (after === end || (after + 1 === end && text[after] === '\r')) return Math.min(end + 1, text.length);
  // Bash lets `EOF)` end both the document and the substitution around it, with a warning.
  return scan.substitutions > 0 && text[after] === ')' ? after : -1;
}
