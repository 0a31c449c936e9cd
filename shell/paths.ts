/** Folders and paths by their text alone: where `cd` leads, which path that makes of a relative one, and the canonical form. */
import type { Word } from './syntax/syntax.ts';

/** How the home folder of a user is written, with either separator. */
export const HOMES: readonly RegExp[] = [
  /^~[\w.-]*(?=[\\/]|$)/,
  /^(?:\$\{?HOME\}?|%(?:USERPROFILE|HOMEPATH)%|\$env:(?:USERPROFILE|HOME))(?=[\\/]|$)/i,
  /^\/(?:home|Users|export\/home)\/[^/]+(?=\/|$)/,
  /^\/(?:var\/)?root(?=\/|$)/,
  /^[a-z]:[\\/]Users[\\/][^\\/]+(?=[\\/]|$)/i,
];
/** Longer paths keep the form they are written in. */
const CANONICAL_CHARS = 8_192;

/** Commands that change the folder of the shell they run in; where `popd` leads, only the shell knows. */
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

/** Characters of the longest folder that is followed. */
const FOLDER_CHARS = 4_096;

export function changesFolder(program: string): boolean {
  return GOING.has(program.toLowerCase());
}

/**
 * Where `cd` and its like lead, from `folder` on.
 *
 * @param words the command, its program first, variables of known value replaced
 * @returns undefined where it is known only by running it
 */
export function folderAfter(words: readonly Word[], folder: string | undefined): string | undefined {
  const program = words[0]?.text.toLowerCase() ?? '';
  if (program.startsWith('pop')) return undefined;
  const operands = words.slice(1).filter(({ text }) => !/^(?:-[LPe@]+|--|-(?:Literal)?Path)$/i.test(text));
  // cmd: `cd /d D:\work`.
  const [target] = operands.length > 1 && /^\/d$/i.test(operands[0]?.text ?? '') ? operands.slice(1) : operands;
  if (target === undefined) return program === 'cd' ? '~' : undefined;
  const { text } = target;
  // A variable stays as written: `cd "$DIR"` leads to `$DIR`. Which folder a pattern matches is not in the text.
  const isPattern = target.opaque.length === 0 && !target.quoted && /[*?[]/.test(text);
  if (isPattern || text === '' || text === '-' || text.length > FOLDER_CHARS || text.includes('\n')) return undefined;
  const joined = joinPath(folder, text);
  return joined === undefined || joined.length > FOLDER_CHARS ? undefined : joined;
}

/** Whether a path begins at a root, a drive, a home or a variable, and so in no other folder. */
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

/**
 * The one form in which rules compare paths: home as `~`, forward slashes, no `.` or `..`, no slash at the end, Windows drives
 * in lower case.
 *
 * @param cwd the folder of a relative path; without it, or where it is relative itself, the path stays relative
 * @returns `~/.ssh/id_rsa` for `/home/ann/.ssh/id_rsa`, `$HOME/.ssh/../.ssh/id_rsa` or `C:\Users\ann\.ssh\id_rsa`
 */
export function canonicalPath(path: string, cwd?: string): string {
  if (path.length > CANONICAL_CHARS) return path;
  const plain = slashed(path.replace(/^file:(?:\/\/)?(?=[/$~%])/, ''));
  const isIn = cwd !== undefined && cwd.length <= CANONICAL_CHARS && isAnchored(cwd);
  const resolved = withoutDots(slashed(joinPath(isIn ? cwd : '', plain) ?? plain));
  const whole = /^(?:[A-Za-z]:)?\/$/.test(resolved) ? resolved : resolved.replace(/\/$/, '');
  for (const home of HOMES) if (home.test(whole)) return whole.replace(home, '~');
  return whole === '' ? '.' : whole.replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}

/** Backslashes are separators only in a Windows path: elsewhere a name may contain them. */
function slashed(path: string): string {
  return /^(?:[a-z]:\\|\\\\|%\w+%\\|\$env:\w+\\|\.{1,2}\\|~\\)/i.test(path) ? path.replaceAll('\\', '/') : path;
}

/** `a/./b/../c` is `a/c`; `..` at the beginning of a relative path stays, above a root it is the root. */
export function withoutDots(path: string): string {
  if (!/(?:^|[\\/])\.{1,2}(?:[\\/]|$)|\/\//.test(path)) return path;
  const isWindows = !path.includes('/') && path.includes('\\');
  const separator = isWindows ? '\\' : '/';
  const root = /^(?:[A-Za-z]:)?[\\/]/.exec(path)?.[0] ?? '';
  const out: string[] = [];
  for (const part of path.slice(root.length).split(separator)) {
    if (part === '' || part === '.') continue;
    const last = out.at(-1);
    if (part !== '..') out.push(part);
    // The text does not name the parent of a home, a variable or a pattern.
    else if (last === undefined ? root === '' : last === '..' || /^~|[$%`*?[]/.test(last)) out.push(part);
    else out.pop();
  }
  const isFolder = /[\\/]$/.test(path) && out.length > 0;
  return `${root}${out.join(separator)}${isFolder ? separator : ''}`;
}
