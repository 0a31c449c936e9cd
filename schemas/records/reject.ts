/** The record of an input that could not become an event (topic `agent.rejects.v1`, table `rejects`). */
import { z } from 'zod';
import { col } from './column.ts';
import { Count, Hex32, NAME, TIME, UInt16, UnixMs, anyText, text } from './scalars.ts';

export const RejectReason = z.enum([
  'missing_session',
  'agent_not_allowed',
  'invalid_event',
  'event_too_large',
  'malformed_record',
  'malformed_request',
  'store_refused',
]);
export type RejectReason = z.infer<typeof RejectReason>;

export const Reject = z.strictObject({
  rejectId: col(Hex32, 'FixedString(32)', 'own', 'Hash over tenant, stage and the refused bytes'),
  tenant: col(text(256), NAME, 'own', 'Owner of the data'),
  sender: col(text(256).optional(), NAME, 'own', 'Credential that sent it'),
  receivedAt: col(UnixMs, TIME, 'own', 'When it was refused', 'ms since epoch'),
  stage: col(z.enum(['collector', 'recorder']), NAME, 'own', 'Which part refused it'),
  signal: col(text(16).optional(), NAME, 'own', 'OTLP signal'),
  reason: col(RejectReason, NAME, 'own', 'Why'),
  detail: col(anyText(4096), 'String', 'text', 'Which field or limit, and what was wrong with it'),
  sha256: col(z.string().regex(/^[0-9a-f]{64}$/), 'FixedString(64)', 'own', 'SHA-256 of the refused bytes'),
  sizeBytes: col(Count, 'UInt64', 'own', 'Length of the refused bytes', 'bytes'),
  part: col(UInt16, 'UInt16', 'own', 'Which piece of the refused text this record carries, from 0'),
  parts: col(UInt16, 'UInt16', 'own', 'How many pieces there are'),
  body: col(anyText(262_144), 'String', 'text', 'That piece of the refused text'),
  record: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Which record of its request it was, from 0'),
  quarantineId: col(
    text(64).optional(),
    'String',
    'own',
    'By which `vigil rejects` finds the original bytes, at the collector that refused them',
  ),
});
export type Reject = z.infer<typeof Reject>;

/** In UTF-16 units: with every unit escaped as six bytes, a record with such a piece is no longer than a message may be. */
const PIECE = 32_768;

/** Cuts refused text for `part` 0, 1, …, never between the halves of a surrogate pair; the empty text is one piece. */
export function piecesOf(text: string, length = PIECE): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length || start === 0;) {
    let end = Math.min(start + length, text.length);
    if (end < text.length && end - start > 1 && (text.codePointAt(end - 1) ?? 0) > 0xffff) end -= 1;
    pieces.push(text.slice(start, end));
    start = Math.max(end, 1);
  }
  return pieces;
}
