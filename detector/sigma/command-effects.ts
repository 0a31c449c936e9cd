/**
 * How rules see the effects of a command: the same effects from which events are derived, in the same canonical form. Rules see
 * more of them than events do: possible effects, files of other machines and containers, and the scripts of interpreters.
 */
import type { Effect, FileEffect, FileNote } from '../../shell/effects/effect.ts';
import { canonicalPath, joinPath } from '../../shell/paths.ts';

/** Changes of a file's data about itself; its content stays. */
const METADATA: ReadonlySet<FileNote> = new Set(['mode', 'owner', 'time']);

/** Files read or searched. A move reads what it moves. */
export function readsOf(effects: readonly Effect[]): readonly PlacedPath[] {
  return filesOf(effects, (effect) => {
    if (effect.operation === 'move') return effect.from;
    return isReading(effect) ? effect.path : undefined;
  });
}

/** Files created or changed, other than in their mode, owner or time. */
export function writesOf(effects: readonly Effect[]): readonly PlacedPath[] {
  return filesOf(effects, (effect) => (isWriting(effect) ? effect.path : undefined));
}

/** Files deleted or moved away; a file that a compressed copy replaces is not lost, and so is none of them. */
export function deletesOf(effects: readonly Effect[]): readonly PlacedPath[] {
  return filesOf(effects, (effect) => {
    if (effect.operation === 'move') return effect.from;
    return effect.operation === 'delete' && effect.note !== 'replaced' ? effect.path : undefined;
  });
}

/** Hosts that the command connects to, or possibly does. */
export function hostsOf(effects: readonly Effect[]): readonly string[] {
  return [...new Set(effects.flatMap((effect) => (effect.kind === 'network' ? [effect.host] : [])))];
}

export interface PlacedPath {
  readonly path: string;
  /** The text does not determine its folder, so the path must not be resolved against the working directory. */
  readonly isAdrift: boolean;
}

/** The path in the form in which rules compare paths. @param cwd where the line began */
export function comparable({ path, isAdrift }: PlacedPath, cwd: string | undefined): string {
  return canonicalPath(path, isAdrift ? undefined : cwd);
}

/** The path as it would be opened, absolute where that is known. */
export function opened({ path, isAdrift }: PlacedPath, cwd: string | undefined): string {
  return isAdrift ? path : (joinPath(cwd ?? '', path) ?? path);
}

function isReading({ operation, note }: FileEffect): boolean {
  return operation === 'read' || operation === 'search' || note === 'open';
}

function isWriting({ operation, note }: FileEffect): boolean {
  if (operation === 'move') return true;
  return (operation === 'create' || operation === 'update') && (note === undefined || !METADATA.has(note));
}

function filesOf(
  effects: readonly Effect[],
  pathOf: (effect: FileEffect) => string | undefined,
): readonly PlacedPath[] {
  const found = new Map<string, PlacedPath>();
  for (const effect of effects) {
    const path = effect.kind === 'file' ? pathOf(effect) : undefined;
    if (path === undefined || effect.kind !== 'file') continue;
    const isAdrift = effect.place === 'unknown folder';
    found.set(`${isAdrift ? '?' : ''}${path}`, { path, isAdrift });
  }
  return [...found.values()];
}
