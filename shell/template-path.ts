/** Paths without what differs between people and runs, so that the same place has the same text. */
import { HOMES, withoutDots } from './paths.ts';

/** The folders of a session, where they are known. */
export interface Places {
  /** Home directory of the user, absolute. */
  readonly home?: string;
  /** Workspace of the session, absolute. */
  readonly cwd?: string;
}

const TEMPORARY = [
  /^\/(?:private\/)?(?:var\/)?tmp(?=\/|$)/,
  /^\/(?:private\/)?var\/folders\/[^/]+\/[^/]+\/[TC](?=\/|$)/,
  /^\/dev\/shm(?=\/|$)/,
  /^\$\{?(?:TMPDIR|TEMP|TMP)\}?(?=\/|$)/,
  /^[A-Za-z]:\\Users\\[^\\]+\\AppData\\Local\\Temp(?=\\|$)/i,
  /^[A-Za-z]:\\Windows\\Temp(?=\\|$)/i,
];

/**
 * `/home/ada/.ssh/id_rsa` is `$HOME/.ssh/id_rsa`, the workspace `$WORKSPACE`, temporary directories `$TMP`, names that
 * `mktemp` made up `<random>`. The most specific place wins, and `..` is resolved first, so a path that leads out of
 * the workspace is not shown as inside it.
 */
export function templatePath(path: string, places: Places = {}): string {
  const resolved = path.startsWith('/') ? withoutDots(path) : path;
  const { home, cwd } = places;
  const place = templatePlace(
    resolved,
    home === undefined ? undefined : trimEnd(home),
    cwd === undefined ? undefined : trimEnd(cwd),
  );
  if (place.startsWith('$TMP/')) return withoutRandomName(place);
  return place.replace(/^\/proc\/\d+(?=\/|$)/, '/proc/<pid>');
}

/** `$TMP/tmp.Xa3Bd9Qz/f` and `$TMP/build-k3x9ab2/f` contain a random name. */
function withoutRandomName(path: string): string {
  const slash = path.indexOf('/', 5);
  const name = path.slice(5, slash < 0 ? undefined : slash);
  const match = /^(.*[.-]|tmp|)([A-Za-z0-9_]{6,32})$/.exec(name.slice(0, 128));
  if (name.length > 128 || match === null || !isMadeUp(match[2] ?? '')) return path;
  return `$TMP/${match[1] ?? ''}<random>${slash < 0 ? '' : path.slice(slash)}`;
}

/** Chosen names change between lower case, upper case and digits once or twice (`Test1`), random ones all the time. */
function isMadeUp(name: string): boolean {
  let changes = 0;
  for (let index = 1; index < name.length; index++) {
    if (kindOf(name.charCodeAt(index)) !== kindOf(name.charCodeAt(index - 1))) changes += 1;
  }
  return changes >= 3;
}

function kindOf(code: number): number {
  return code < 58 ? 0 : code < 91 ? 1 : 2;
}

function templatePlace(path: string, home: string | undefined, cwd: string | undefined): string {
  // A workspace that is the root or the home itself says nothing.
  if (cwd !== undefined && cwd.length > 1 && cwd !== home && isUnder(path, cwd))
    return `$WORKSPACE${path.slice(cwd.length)}`;
  if (home !== undefined && home.length > 1 && isUnder(path, home)) return `$HOME${path.slice(home.length)}`;
  for (const temporary of TEMPORARY) {
    const match = temporary.exec(path);
    if (match !== null) return `$TMP${path.slice(match[0].length)}`;
  }
  for (const place of HOMES) {
    const match = place.exec(path);
    if (match !== null) return `$HOME${path.slice(match[0].length)}`;
  }
  return path;
}

function isUnder(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || '/\\'.includes(path.charAt(folder.length)));
}

function trimEnd(folder: string): string {
  let end = folder.length;
  while (end > 1 && (folder[end - 1] === '/' || folder[end - 1] === '\\')) end -= 1;
  return folder.slice(0, end);
}
