/**
 * The files that a patch in Codex's own format touches (`*** Begin Patch`, `*** Add File: p`, `*** Update File: p`,
 * `*** Move to: p`, `*** Delete File: p`). Only headers are read: a line of content begins with `+`, `-`, a blank or `@@`.
 */
import { utf8Length } from './tool-arguments.ts';

export interface PatchedFile {
  readonly operation: 'create' | 'update' | 'delete' | 'move';
  readonly path: string;
  /** Where a moved file was before. */
  readonly from?: string;
  /** Size of a file that the patch creates. */
  readonly bytes?: number;
}

/** Files per patch that become events of their own. */
export const MAX_PATCHED_FILES = 256;

/** Files in the order of the patch, at most `MAX_PATCHED_FILES`; `total` counts all of them. */
export function patchedFiles(patch: string): { readonly files: readonly PatchedFile[]; readonly total: number } {
  const files: PatchedFile[] = [];
  let total = 0;
  let open: PatchedFile | undefined;
  let addedBytes = 0;
  const close = (): void => {
    if (open === undefined) return;
    total += 1;
    if (files.length < MAX_PATCHED_FILES)
      files.push(open.operation === 'create' ? { ...open, bytes: addedBytes } : open);
    open = undefined;
    addedBytes = 0;
  };
  for (const line of linesOf(patch)) {
    if (line.startsWith('+') && open?.operation === 'create') addedBytes += utf8Length(line); // its `+` replaces the newline in the count
    const header = isContent(line, open) ? undefined : headerOf(line.trim());
    if (header === undefined) continue;
    if (header.kind === 'move') {
      if (open?.operation === 'update') open = { operation: 'move', path: header.path, from: open.path };
      continue;
    }
    close();
    if (header.kind !== 'end') open = { operation: header.kind, path: header.path };
    else break;
  }
  close();
  return { files, total };
}

/** Codex trims a line before it looks for a header, so an indented header counts, except within a change. */
function isContent(line: string, open: PatchedFile | undefined): boolean {
  const first = line.charAt(0);
  const isChange = open?.operation === 'update' || open?.operation === 'move';
  return first === '+' || first === '-' || (first === ' ' && isChange);
}

type Header =
  { readonly kind: 'create' | 'update' | 'delete' | 'move'; readonly path: string } | { readonly kind: 'end' };

const HEADERS = [
  ['*** Add File: ', 'create'],
  ['*** Update File: ', 'update'],
  ['*** Delete File: ', 'delete'],
  ['*** Move to: ', 'move'],
] as const;

function headerOf(line: string): Header | undefined {
  for (const [prefix, kind] of HEADERS) {
    const path = line.startsWith(prefix) ? line.slice(prefix.length).trim() : '';
    if (path !== '') return { kind, path };
  }
  return line.startsWith('*** End Patch') ? { kind: 'end' } : undefined;
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const line = end === -1 ? text.slice(start) : text.slice(start, end);
    yield line.endsWith('\r') ? line.slice(0, -1) : line;
    if (end === -1) return;
    start = end + 1;
  }
}
