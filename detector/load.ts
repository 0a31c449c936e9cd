/** Reads detection files. A broken one is refused by name and line; whoever asked decides whether to go on without it. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tools } from './kinds/kind.ts';
import { type LoadProblem, type LoadedDetection, parseDetection } from './parse-detection.ts';
import { messageOf } from '../platform/shell-error.ts';

export interface Loaded {
  /** In order of their ids. */
  readonly detections: readonly LoadedDetection[];
  readonly problems: readonly LoadProblem[];
}

/** The detections that come with Vigil, beside this module in the sources and in the build. */
export const SHIPPED_DETECTIONS = fileURLToPath(new URL('./detections', import.meta.url));

const MAX_FILES = 5_000;
const MAX_FILE_BYTES = 262_144;
const MAX_DEPTH = 6;

/** @throws Error when a folder cannot be read */
export async function loadDetections(folders: readonly string[], tools: Tools): Promise<Loaded> {
  const loaded = new Map<string, LoadedDetection>();
  const problems: LoadProblem[] = [];
  for (const folder of folders) {
    for (const path of await yamlFilesIn(folder)) {
      const file = relative(folder, path);
      const read = await readDetection(path, file, tools);
      if ('reason' in read) {
        problems.push(read);
        continue;
      }
      const { id } = read.detection;
      const other = loaded.get(id);
      if (other === undefined) loaded.set(id, read);
      else problems.push({ file, line: 1, reason: `id ${id} is taken by ${other.file}` });
    }
  }
  const detections = [...loaded.values()].sort((a, b) => (a.detection.id < b.detection.id ? -1 : 1));
  return { detections, problems };
}

/** `pipe-to-interpreter.yaml:12: sigma.selection: unknown modifier`. */
export function describeProblem({ file, line, reason }: LoadProblem): string {
  return line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`;
}

/** Changes when a file is added, removed or written; cheap enough to ask every few seconds. */
export async function fingerprintOf(folders: readonly string[]): Promise<string> {
  const facts: string[] = [];
  for (const folder of folders) {
    for (const path of await yamlFilesIn(folder)) {
      const { mtimeMs, size } = await stat(path);
      facts.push(`${path} ${mtimeMs} ${size}`);
    }
  }
  return facts.join('\n');
}

async function yamlFilesIn(folder: string, depth = 0): Promise<readonly string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) {
      if (depth >= MAX_DEPTH) throw new Error(`${path}: folders nest deeper than ${MAX_DEPTH}`);
      found.push(...(await yamlFilesIn(path, depth + 1)));
    } else if (entry.isFile() && /\.ya?ml$/.test(entry.name)) found.push(path);
    if (found.length > MAX_FILES) throw new Error(`${folder}: more than ${MAX_FILES} detections`);
  }
  return found;
}

async function readDetection(path: string, file: string, tools: Tools): Promise<LoadedDetection | LoadProblem> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return { file, reason: `${size} bytes, at most ${MAX_FILE_BYTES} are read` };
    return parseDetection(await readFile(path, 'utf8'), file, tools);
  } catch (error) {
    return { file, reason: messageOf(error) };
  }
}
