/**
 * Turns a line that ClickHouse rejected into messages for the rejects: the whole line, in parts that any broker
 * accepts.
 */
import { hash128, sha256 } from '../../platform/hash.ts';
import type { OutgoingMessage } from '../../platform/bus/bus.ts';
import { Reject, piecesOf } from '../../schemas/records/reject.ts';
import { TOPICS } from '../../schemas/topics.ts';
import type { RefusedLine } from './store-lines.ts';

const DETAIL = 4_096;

/** Repeatable: the same line produces the same messages, so a repeat after a crash collapses in the table. */
export function rejectsOf({ bytes, key, timestamp, code, reason }: RefusedLine): readonly OutgoingMessage[] {
  const [owner = ''] = key.split('/', 1);
  const tenant = owner === '' ? 'unknown' : owner.slice(0, 256).toWellFormed();
  const digest = sha256(bytes);
  const pieces = piecesOf(bytes.toString('utf8'));
  return pieces.map((body, part) => {
    const reject: Reject = {
      rejectId: hash128(['recorder', tenant, digest].join('\0')),
      tenant,
      receivedAt: Math.max(0, Math.floor(timestamp)),
      stage: 'recorder',
      reason: 'store_refused',
      detail: `ClickHouse ${code}: ${reason}`.slice(0, DETAIL).toWellFormed(),
      sha256: digest,
      sizeBytes: bytes.length,
      part,
      parts: pieces.length,
      body,
    };
    return { topic: TOPICS.rejects, key: tenant, value: Buffer.from(JSON.stringify(reject)) };
  });
}

/** If one of our rejects is rejected itself, sending it again would never end. */
export function isOwnReject(line: Buffer): boolean {
  try {
    const parsed = Reject.safeParse(JSON.parse(line.toString('utf8')));
    return parsed.success && parsed.data.stage === 'recorder';
  } catch {
    return false;
  }
}
