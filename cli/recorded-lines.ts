/** Reads the lines of a file or of standard input, plain or gzip, with one line in memory at a time. */
import { createReadStream } from 'node:fs';
import { type Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ShellError, messageOf } from '../platform/shell-error.ts';

export interface RecordedLine {
  readonly line: Buffer;
  /** Starts at 1; blank lines count and are skipped. */
  readonly number: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * @param path `-` for standard input
 * @throws ShellError BAD_INPUT (not retryable) when it cannot be read, or a line is longer than `maxBytes`
 */
export async function* recordedLines(path: string, maxBytes: number): AsyncIterable<RecordedLine> {
  const fail = (message: string, cause?: unknown): never => {
    throw new ShellError('BAD_INPUT', message, { retryable: false, cause });
  };
  let number = 1;
  let pieces: Buffer[] = [];
  let bytes = 0;
  const add = (piece: Buffer): void => {
    bytes += piece.length;
    if (bytes > maxBytes) fail(`${path}:${number}: the line is longer than ${maxBytes} bytes`);
    pieces.push(piece);
  };
  const take = (): Buffer => {
    const line = withoutReturn(Buffer.concat(pieces, bytes));
    pieces = [];
    bytes = 0;
    return line;
  };
  const source = path === '-' ? process.stdin : createReadStream(path);
  try {
    for await (const chunk of inflated(source)) {
      let from = 0;
      // Only these bytes end a line: JSON may contain the other separators that Unicode defines.
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
        add(chunk.subarray(from, at));
        const line = take();
        if (!isBlank(line)) yield { line, number };
        number += 1;
        from = at + 1;
      }
      add(chunk.subarray(from));
    }
  } catch (error) {
    if (error instanceof ShellError) throw error;
    fail(`cannot read ${path}: ${messageOf(error)}`, error);
  } finally {
    source.destroy();
  }
  const rest = take();
  if (!isBlank(rest)) yield { line: rest, number };
}

/** Decompresses the source if its first bytes are those of gzip. */
async function* inflated(source: Readable): AsyncIterable<Buffer> {
  const chunks = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  let done = false;
  while (!done && Buffer.concat(head).length < GZIP.length) {
    const next = await chunks.next();
    if (next.done === true) done = true;
    else head.push(next.value);
  }
  const start = Buffer.concat(head);
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield start;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  if (!start.subarray(0, GZIP.length).equals(GZIP)) {
    yield* whole();
    return;
  }
  // An error while reading is thrown to the reader of the lines.
  yield* pipeline(whole(), createGunzip(), () => undefined) as AsyncIterable<Buffer>;
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}
