/** Messages that have been read from the log and not been stored yet, and the positions after them. */
import type { Batch } from '../../platform/bus/bus.ts';
import { HEADERS } from '../../schemas/topics.ts';

export interface Chunk {
  /** JSON lines of one message. */
  readonly value: Buffer;
  /** Key of the message: `tenant/actor` or `tenant`. */
  readonly key: string;
  /** When the log received it, ms since epoch. */
  readonly timestamp: number;
}

export interface Pending {
  readonly chunks: readonly Chunk[];
  readonly bytes: number;
  readonly rows: number;
  /** Next offset by partition. */
  readonly positions: ReadonlyMap<number, number>;
}

export const NOTHING: Pending = { chunks: [], bytes: 0, rows: 0, positions: new Map() };

/** Control messages are for the detector. They are skipped, and their position counts. */
export function withBatch(pending: Pending, batch: Batch): Pending & { readonly skipped: number } {
  const lines = batch.messages.filter(
    ({ headers, value }) => headers[HEADERS.control] === undefined && value.length > 0,
  );
  const chunks = lines.map(({ value, key, timestamp }) => ({ value, key, timestamp }));
  const next = (batch.messages.at(-1)?.offset ?? -1) + 1;
  return {
    chunks: [...pending.chunks, ...chunks],
    bytes: pending.bytes + chunks.reduce((sum, { value }) => sum + value.length + 1, 0),
    rows: pending.rows + chunks.reduce((sum, { value }) => sum + lineCount(value), 0),
    positions: new Map([...pending.positions, [batch.partition, next]]),
    skipped: batch.messages.length - lines.length,
  };
}

export interface Line {
  readonly bytes: Buffer;
  readonly key: string;
  readonly timestamp: number;
}

/** Splits into single lines, to find those that are rejected; skips empty lines. */
export function linesOf(chunks: readonly Chunk[]): readonly Line[] {
  return chunks.flatMap(({ value, key, timestamp }) => linesIn(value).map((bytes) => ({ bytes, key, timestamp })));
}

const NEWLINE = Buffer.from('\n');
const BLANK_LINE = '\n\n';

/**
 * Builds one insert body without blank lines, because the embedded engine ends the rows at a blank line and executes
 * the rest as a statement. A message may lack its final newline.
 */
export function bodyOf(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      if (part[0] === 10 || part.includes(BLANK_LINE)) {
        return linesIn(part).flatMap((line) => [line, NEWLINE]);
      }
      if (part.length === 0) return [];
      return part.at(-1) === 10 ? [part] : [part, NEWLINE];
    }),
  );
}

/** Splits into lines without their newlines; skips empty lines. */
function linesIn(value: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < value.length;) {
    const newline = value.indexOf(10, start);
    const end = newline < 0 ? value.length : newline;
    if (end > start) lines.push(value.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function lineCount(value: Buffer): number {
  let count = 0;
  for (let start = 0; start < value.length;) {
    const newline = value.indexOf(10, start);
    const end = newline < 0 ? value.length : newline;
    if (end > start) count += 1;
    start = end + 1;
  }
  return count;
}
