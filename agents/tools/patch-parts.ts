/** A call of a tool that applies a patch, as file events. */
import { patchedFiles } from './apply-patch.ts';
import { cutText } from '../mapping/attribute-text.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import type { RecordFields } from '../mapping/record-fields.ts';

const MAX_PATH_LENGTH = 8192;

/** One event per file of a patch. */
export function patchParts(
  { outcome, reason, callId, toolName, durationMs }: DraftPart,
  patch: string,
  fields: RecordFields,
): readonly DraftPart[] {
  const { files, total } = patchedFiles(patch);
  const common = { category: 'file', outcome, reason, callId, toolName, durationMs } as const;
  if (total > files.length) fields.note('vigil.cut.files', total);
  if (files.length === 0) return [{ ...common, action: 'update' }];
  return files.map(({ operation, path, bytes, from }) => ({
    ...common,
    action: operation,
    filePath: path,
    fileOperation: operation,
    fileBytes: bytes,
    notes: from === undefined ? undefined : { 'vigil.moved_from': cutText(from, MAX_PATH_LENGTH) },
  }));
}
