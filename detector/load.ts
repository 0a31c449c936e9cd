/** Reads detection files. A broken one is refused by name and line; whoever asked decides whether to go on without it. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, LineCounter, isNode, parseDocument } from 'yaml';
import { messageOf } from '../platform/shell-error.ts';
import { Detection } from './detection.ts';
import { type VersionedRule, armRuleSet } from './engine/rule-set.ts';
import type { Tools } from './kinds/kind.ts';
import { SigmaError } from './sigma/sigma-error.ts';
import { versioned } from './versioned.ts';

export interface LoadedDetection {
  /** Path below its folder. */
  readonly file: string;
  readonly detection: Detection;
  readonly rule: VersionedRule;
}

export interface LoadProblem {
  readonly file: string;
  /** From 1; absent when the file could not be read at all. */
  readonly line?: number;
  readonly reason: string;
}

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
/** YAML aliases can make a small file huge. */
const MAX_ALIASES = 100;

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

/** One file's text as a detection that can be put in force, or what is wrong with it and in which line. */
export function parseDetection(text: string, file: string, tools: Tools): LoadedDetection | LoadProblem {
  const lines = new LineCounter();
  // Warnings tell of tags that are not plain YAML: a file that needs them means something else than it says.
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) return { file, line: lines.linePos(fault.pos[0]).line, reason: fault.message };
  let written: unknown;
  try {
    written = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return { file, line: 1, reason: messageOf(error) };
  }
  const parsed = Detection.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path ?? [];
    const named = where.length === 0 ? '' : `${where.join('.')}: `;
    return { file, line: lineOf(document, where, lines), reason: `${named}${issue?.message ?? 'not a detection'}` };
  }
  const rule = versioned(written as object, tools);
  try {
    return { file, detection: parsed.data, rule: usable(rule, tools) };
  } catch (error) {
    const where = error instanceof SigmaError ? error.path.split('.') : [];
    return { file, line: lineOf(document, where, lines), reason: messageOf(error) };
  }
}

/** @throws Error when the rule cannot be compiled */
function usable(rule: VersionedRule, tools: Tools): VersionedRule {
  const [broken] = armRuleSet([rule], tools).broken;
  if (broken !== undefined) throw broken.cause;
  return rule;
}

/** The line of the deepest part of the path that the file has. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
