/** Paths in one form, so that a rule names a file once: home as `~`, forward slashes, no `.` or `..`, Windows drives in lower case. */

const HOME_PREFIXES: readonly RegExp[] = [
  /^(?:\$\{?HOME\}?|%(?:USERPROFILE|HOMEPATH)%|\$env:(?:USERPROFILE|HOME))(?=\/|$)/i,
  /^\/(?:home|Users|export\/home)\/[^/]+(?=\/|$)/,
  /^\/(?:var\/)?root(?=\/|$)/,
  /^[a-z]:\/Users\/[^/]+(?=\/|$)/i,
  /^~[\w.-]*(?=\/|$)/,
];
const MAX_LENGTH = 8192;

/**
 * @param cwd where a relative path starts; without it the path stays relative
 * @returns `~/.ssh/id_rsa` for `/home/ann/.ssh/id_rsa`, `$HOME/.ssh/../.ssh/id_rsa` or `C:\Users\ann\.ssh\id_rsa`
 */
export function templatePath(path: string, cwd?: string): string {
  if (path.length > MAX_LENGTH) return path;
  const plain = slashed(path.replace(/^file:(?:\/\/)?(?=[/$~%])/, ''));
  const whole = isRelative(plain) && cwd !== undefined && cwd.length <= MAX_LENGTH ? `${slashed(cwd)}/${plain}` : plain;
  const resolved = withoutDots(whole);
  for (const prefix of HOME_PREFIXES) if (prefix.test(resolved)) return resolved.replace(prefix, '~');
  return resolved.replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}

/** Backslashes are separators only where the path is a Windows one: elsewhere they may stand in a name. */
function slashed(path: string): string {
  return /^(?:[a-z]:\\|\\\\|%\w+%\\|\$env:\w+\\|\.{1,2}\\|~\\)/i.test(path) ? path.replaceAll('\\', '/') : path;
}

function isRelative(path: string): boolean {
  return !/^(?:\/|~|[a-z]:\/|\$|%\w+%)/i.test(path);
}

function withoutDots(path: string): string {
  if (!/(?:^|\/)\.{0,2}(?:\/|$)/.test(path)) return path;
  const root = path.startsWith('/') ? '/' : '';
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    const last = out[out.length - 1];
    if (part !== '..') out.push(part);
    else if (last === undefined || last === '..') {
      if (root === '') out.push('..');
    } else out.pop();
  }
  const joined = root + out.join('/');
  return joined === '' ? '.' : joined;
}
