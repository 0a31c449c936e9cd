/**
 * Reads detection files. A broken file is reported by name and line, and the caller decides whether to continue without
 * it.
 */
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { detectionFiles } from './detection-files.ts';
import type { Tools } from '../model/kind.ts';
import { type LoadProblem, type LoadedDetection, parseDetection } from './parse-detection.ts';
import { messageOf } from '../../platform/shell-error.ts';

export interface Loaded {
  /** Sorted by id. */
  readonly detections: readonly LoadedDetection[];
  readonly problems: readonly LoadProblem[];
}

/** The detections that ship with Vigil, next to this module in the sources and in the build. */
export const SHIPPED_DETECTIONS = fileURLToPath(new URL('../detections', import.meta.url));

const MAX_FILE_BYTES = 262_144;
/**
 * Limit for the parts of all Sigma sections together: they are compiled in one go, which blocks judging (for about a
 * second).
 */
const MAX_PARTS = 1_000_000;

/**
 * Loads the folders in the given order, and stops reading once the detections are too large.
 *
 * @throws ShellError BAD_DETECTIONS when a folder cannot be read
 */
export async function loadDetections(folders: readonly string[], tools: Tools): Promise<Loaded> {
  const loaded = new Map<string, LoadedDetection>();
  const found = await detectionFiles(folders);
  const problems = [...found.problems];
  let parts = 0;
  for (const { path, file } of found.files) {
    const read = await readDetection(path, file, tools);
    if ('reason' in read) {
      problems.push(read);
      continue;
    }
    parts += read.parts;
    if (parts > MAX_PARTS) {
      problems.push({
        file,
        reason: `this file would bring all detections together above ${MAX_PARTS} parts; this file and the files after it are not loaded`,
      });
      break;
    }
    const { id } = read.detection;
    const other = loaded.get(id);
    if (other === undefined) loaded.set(id, read);
    else problems.push({ file, line: 1, reason: `id ${id} is already used by ${other.file}` });
  }
  const detections = [...loaded.values()].sort((a, b) => (a.detection.id < b.detection.id ? -1 : 1));
  return { detections, problems };
}

/** Formats a problem, for example `pipe-to-interpreter.yaml:12: sigma.selection: unknown modifier`. */
export function describeProblem({ file, line, reason }: LoadProblem): string {
  return line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`;
}

/**
 * Returns a value that changes when a file is added, removed or written, or a link changes. It is cheap enough to
 * compute every few seconds.
 *
 * @throws ShellError BAD_DETECTIONS when a folder cannot be read
 */
export async function fingerprintOf(folders: readonly string[]): Promise<string> {
  const { files, problems } = await detectionFiles(folders);
  const facts = problems.map(describeProblem);
  for (const { path, file } of files) {
    const written = await stat(path).then(({ mtimeMs, size }) => `${mtimeMs} ${size}`, messageOf);
    facts.push(`${file} ${path} ${written}`);
  }
  return facts.join('\n');
}

async function readDetection(path: string, file: string, tools: Tools): Promise<LoadedDetection | LoadProblem> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return { file, reason: `the file has ${size} bytes; the limit is ${MAX_FILE_BYTES}` };
    return parseDetection(await readFile(path, 'utf8'), file, tools);
  } catch (error) {
    return { file, reason: messageOf(error) };
  }
}
