/**
 * Finds detection files: every YAML file below a folder. It follows links, because Kubernetes mounts a ConfigMap as
 * links.
 */
import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import type { LoadProblem } from './parse-detection.ts';

export interface FoundFile {
  /** The real path, with links resolved. */
  readonly path: string;
  /** The display name: the path below the given folder. */
  readonly file: string;
}

export interface DetectionFiles {
  /** Folder by folder, each sorted by name. */
  readonly files: readonly FoundFile[];
  /** Broken links. */
  readonly problems: readonly LoadProblem[];
}

const MAX_FILES = 5_000;
const MAX_DEPTH = 6;

/** @throws ShellError BAD_DETECTIONS when a folder cannot be read, nests too deeply or holds too much */
export async function detectionFiles(folders: readonly string[]): Promise<DetectionFiles> {
  const files: FoundFile[] = [];
  const problems: LoadProblem[] = [];
  for (const folder of folders) {
    const walk: Walk = { folder, seen: new Set(), files: [], problems };
    try {
      await walkInto(walk, { path: folder, real: await realpath(folder) }, 0);
    } catch (error) {
      throw new ShellError('BAD_DETECTIONS', `cannot read detections: ${messageOf(error)}`, {
        retryable: false,
        cause: error,
      });
    }
    files.push(...walk.files);
  }
  return { files, problems };
}

/** A path as it was reached, and its real path. */
interface Place {
  readonly path: string;
  readonly real: string;
}

interface Walk {
  readonly folder: string;
  /** Real paths already visited. A file behind several links counts once, and circular links end. */
  readonly seen: Set<string>;
  readonly files: FoundFile[];
  readonly problems: LoadProblem[];
}

async function walkInto(walk: Walk, { path: folder, real: realFolder }: Place, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw new Error(`${folder}: folders nest deeper than ${MAX_DEPTH}`);
  walk.seen.add(realFolder);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // This also skips Kubernetes' `..data`; its files are read through the other links.
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const found = entry.isSymbolicLink() ? await followed(path) : { real: join(realFolder, entry.name), kind: entry };
    if ('reason' in found) {
      walk.problems.push({ file: relative(walk.folder, path), reason: `the link is broken (${found.reason})` });
      continue;
    }
    const { real, kind } = found;
    if (walk.seen.has(real)) continue;
    if (kind.isDirectory()) await walkInto(walk, { path, real }, depth + 1);
    else if (kind.isFile() && /\.ya?ml$/.test(entry.name)) {
      walk.seen.add(real);
      walk.files.push({ path: real, file: relative(walk.folder, path) });
    }
    if (walk.files.length > MAX_FILES) throw new Error(`${walk.folder}: more than ${MAX_FILES} detections`);
  }
}

type Followed =
  { readonly real: string; readonly kind: Pick<Stats, 'isFile' | 'isDirectory'> } | { readonly reason: string };

async function followed(link: string): Promise<Followed> {
  try {
    const real = await realpath(link);
    return { real, kind: await stat(real) };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}
