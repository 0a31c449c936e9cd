/** The name of the program that a word runs. */
import type { Word } from '../syntax/syntax.ts';

/**
 * Base name of the program: `/usr/bin/curl` is `curl`, `C:\Windows\System32\whoami.exe` is `whoami`. Slashes inside an
 * expansion (`$(which x)`) divide nothing.
 */
export function programName(word: Pick<Word, 'text' | 'opaque'>): string {
  const { text, opaque } = word;
  const isWindows = /\.(?:exe|com)$/i.test(text) || /^(?:[A-Za-z]:|\.{0,2})\\/.test(text);
  let end = text.length;
  let name = '';
  for (let index = opaque.length; index >= 0; index--) {
    const span = opaque[index - 1];
    const from = span?.end ?? 0;
    const stretch = text.slice(from, end);
    const slash = Math.max(stretch.lastIndexOf('/'), isWindows ? stretch.lastIndexOf('\\') : -1);
    name = (slash < 0 ? stretch : stretch.slice(slash + 1)) + name;
    if (slash >= 0 || span === undefined) break;
    name = text.slice(span.start, span.end) + name;
    end = span.start;
  }
  const base = isWindows ? name.replace(/\.exe$/i, '') : name;
  // `foo/` and `/` have no base name.
  return base === '' ? text : base;
}
