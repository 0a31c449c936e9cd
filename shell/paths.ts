/** Folders and paths by their text alone: what `cd` leads to, and where a relative path then lies. */
import type { Word } from './syntax/syntax.ts';

/** Commands that change the folder of the shell they run in; `popd` goes where only the shell knows. */
const GOING: ReadonlySet<string> = new Set([
  'cd',
  'chdir',
  'pushd',
  'popd',
  'set-location',
  'sl',
  'push-location',
  'pop-location',
]);

/** The longest folder that is kept; what `cd` is given beyond is data. */
const FOLDER_CHARS = 4_096;

export function changesFolder(program: string): boolean {
  return GOING.has(program.toLowerCase());
}

/**
 * Where `cd` and its like lead, from `folder` on.
 *
 * @param words the command, its program first, variables of known value replaced
 * @returns undefined where only running it would tell
 */
export function folderAfter(words: readonly Word[], folder: string | undefined): string | undefined {
  const program = words[0]?.text.toLowerCase() ?? '';
  if (program.startsWith('pop')) return undefined;
  const operands = words.slice(1).filter(({ text }) => !/^(?:-[LPe@]+|--|-(?:Literal)?Path)$/i.test(text));
  // cmd: `cd /d D:\work`.
  const [target] = operands.length > 1 && /^\/d$/i.test(operands[0]?.text ?? '') ? operands.slice(1) : operands;
  if (target === undefined) return program === 'cd' ? '~' : undefined;
  const isCertain = target.opaque.length === 0 && (target.quoted || !/[*?[]/.test(target.text));
  if (!isCertain || target.text === '' || target.text === '-' || target.text.length > FOLDER_CHARS) return undefined;
  const joined = joinPath(folder, target.text);
  return joined === undefined || joined.length > FOLDER_CHARS ? undefined : joined;
}

/** Whether a path says itself where it begins: at a root, a drive, a home, or in a variable. */
export function isAnchored(path: string): boolean {
  return /^(?:[\\/~$%`]|[A-Za-z]:)/.test(path);
}

/**
 * A path as seen from where the line began. Dots are resolved by their text, as if no folder were a link.
 *
 * @param folder '' where the line began; undefined when it is not known
 * @returns undefined for a relative path in an unknown folder
 */
export function joinPath(folder: string | undefined, path: string): string | undefined {
  if (isAnchored(path)) return withoutDots(path);
  if (folder === undefined) return undefined;
  if (folder === '') return withoutDots(path);
  const separator = /^[A-Za-z]:|\\/.test(folder) && !folder.includes('/') ? '\\' : '/';
  return withoutDots(`${folder}${/[\\/]$/.test(folder) ? '' : separator}${path}`);
}

/** `a/./b/../c` is `a/c`; `..` at the beginning of a relative path stays, above a root it is the root. */
function withoutDots(path: string): string {
  if (!/(?:^|[\\/])\.{1,2}(?:[\\/]|$)|\/\//.test(path)) return path;
  const isWindows = !path.includes('/') && path.includes('\\');
  const separator = isWindows ? '\\' : '/';
  const root = /^(?:[A-Za-z]:)?[\\/]/.exec(path)?.[0] ?? '';
  const out: string[] = [];
  for (const part of path.slice(root.length).split(separator)) {
    if (part === '' || part === '.') continue;
    const last = out.at(-1);
    if (part !== '..') out.push(part);
    // What a home, a variable or a pattern stands for has a parent that the text does not name.
    else if (last === undefined ? root === '' : last === '..' || /^~|[$%`*?[]/.test(last)) out.push(part);
    else out.pop();
  }
  const isFolder = /[\\/]$/.test(path) && out.length > 0;
  return `${root}${out.join(separator)}${isFolder ? separator : ''}`;
}
