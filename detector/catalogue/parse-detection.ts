/** Parses the text of a detection file to a rule, or reports what is wrong and in which line. */
import { type Document, LineCounter, isMap, isNode, isSeq, parseDocument } from 'yaml';
import { messageOf } from '../../platform/shell-error.ts';
import { Detection, Rule } from '../model/detection.ts';
import { type VersionedRule, armRuleSet } from '../engine/rule-set.ts';
import type { Tools } from '../model/kind.ts';
import { isSigmaFile, ruleOfSigmaFile } from './sigma-file.ts';
import { SigmaError } from '../sigma/sigma-error.ts';
import { versioned } from '../test-support/versioned.ts';

export interface LoadedDetection {
  /** Path below the given folder. */
  readonly file: string;
  /** Sigma files have no fixtures. */
  readonly detection: Rule & { readonly fixtures?: Detection['fixtures'] };
  readonly rule: VersionedRule;
  /** Number of parts of its Sigma section. */
  readonly parts: number;
}

export interface LoadProblem {
  readonly file: string;
  /** Starts at 1; absent when the file could not be read at all. */
  readonly line?: number;
  readonly reason: string;
}

/** YAML aliases can make a small file huge. */
const MAX_ALIASES = 100;

export function parseDetection(text: string, file: string, tools: Tools): LoadedDetection | LoadProblem {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  // A warning means a tag that is not plain YAML, so the file may mean something else than its text shows.
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) return { file, line: lines.linePos(fault.pos[0]).line, reason: fault.message };
  const at = (path: readonly PropertyKey[]): number => lineOf(document, path, lines);
  try {
    const written: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return isSigmaFile(written) ? loadSigma(written, file, tools) : loadOwn(written, file, tools, at);
  } catch (error) {
    if (!(error instanceof SigmaError)) return { file, line: 1, reason: messageOf(error) };
    // The section is called `sigma` in our files and `detection` in Sigma's.
    const path = error.path.split('.');
    const line = at(path[0] === 'sigma' && !document.has('sigma') ? ['detection', ...path.slice(1)] : path);
    return { file, line, reason: error.message };
  }
}

function loadOwn(
  written: unknown,
  file: string,
  tools: Tools,
  at: (path: readonly PropertyKey[]) => number,
): LoadedDetection | LoadProblem {
  const parsed = Detection.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    const named = path.length === 0 ? '' : `${path.join('.')}: `;
    return { file, line: at(path), reason: `${named}${issue?.message ?? 'not a detection'}` };
  }
  return { file, detection: parsed.data, ...usable(versioned(written as object, tools), tools) };
}

function loadSigma(written: object, file: string, tools: Tools): LoadedDetection {
  const content = ruleOfSigmaFile(written);
  const parsed = Rule.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SigmaError(issue?.path.join('.') ?? '', issue?.message ?? 'not a rule');
  }
  return { file, detection: parsed.data, ...usable(versioned(content, tools), tools) };
}

/** @throws Error when the rule cannot be compiled */
function usable(rule: VersionedRule, tools: Tools): Pick<LoadedDetection, 'rule' | 'parts'> {
  const { broken, parts } = armRuleSet([rule], tools);
  if (broken[0] !== undefined) throw broken[0].cause;
  return { rule, parts };
}

/**
 * Returns the line of the deepest part of the path that is in the file. Keys may contain dots, so each step matches as
 * many parts as possible.
 */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number {
  let node: unknown = document.contents;
  let line = 1;
  let from = 0;
  while (from < path.length) {
    let to = path.length;
    let next: unknown;
    for (; to > from && next === undefined; to -= 1) {
      const key = path.slice(from, to).map(String).join('.');
      if (isSeq(node) && /^\d+$/.test(key)) next = node.items[Number(key)];
      if (isMap(node)) next = node.items.find((pair) => String(pair.key) === key);
    }
    if (next === undefined) break;
    const start = isNode(next) ? next : (next as { readonly key?: unknown }).key;
    if (isNode(start) && start.range) ({ line } = lines.linePos(start.range[0]));
    node = isNode(next) ? next : (next as { readonly value?: unknown }).value;
    from = to + 1;
  }
  return line;
}
