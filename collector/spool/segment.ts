/**
 * One file of the spool, only ever appended to and deleted whole. A file of our own and not LMDB's, whose native code breaks
 * the heap of the process when a full disk fails a commit (docs/decisions/0006).
 */
import { closeSync, fdatasync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, rmSync, write, writeSync } from 'node:fs'; // prettier-ignore
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { FRAME_HEAD, type Frame, MAGIC, type SequencedBytes, decodeFrame, encodeCommit, entryFrameBytes, payloadLength } from './segment-format.ts'; // prettier-ignore

export interface Segment<State> {
  readonly number: number;
  /** The state with which the segment was begun: of everything before its first entry. Undefined where that cannot be read. */
  readonly begin: State | undefined;
  /**
   * All of it or nothing, on disk when it resolves; one at a time. Sequences ascend.
   *
   * @throws ShellError SPOOL_UNAVAILABLE (a full or broken disk); then nothing of it is kept, and later ones may succeed
   */
  append(entries: readonly SequencedBytes[], state: State): Promise<void>;
  /** Every state that can be read, that of the beginning among them, in order. */
  states(): Iterable<State>;
  /** Entries with a sequence above `after`, ascending; those that cannot be read are missing among them. */
  read(after: number): Iterable<SequencedBytes>;
  sizeBytes(): number;
  /** True when the file cannot be trusted to take more; what it has stands. */
  isBroken(): boolean;
  close(): void;
  delete(): void;
}

const READ_BYTES = 256 * 1024;
/** Behind a broken place the next frame is looked for byte by byte; one longer than this is not found again. */
const FOUND_AGAIN_BYTES = 2 * 1024 ** 2;
/** Reading begins at most so many bytes before what is wanted. */
const MARK_BYTES = 64 * 1024;

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

interface Mark {
  /** Of the first entry at or after the offset. */
  readonly sequence: number;
  readonly offset: number;
}

/** @throws ShellError SPOOL_UNAVAILABLE when it cannot be begun, for instance on a full disk; then no file is left */
export function createSegment<State>(path: string, number: number, begin: State): Segment<State> {
  const first = Buffer.concat([MAGIC, encodeCommit([], JSON.stringify(begin))]);
  try {
    const file = openSync(path, 'wx+');
    try {
      writeAllSync(file, first);
      fsyncSync(file);
      syncFolder(dirname(path));
    } catch (error) {
      closeSync(file);
      rmSync(path, { force: true });
      throw error;
    }
    return segmentOver({ path, number, file, begin, broken: false, end: first.length, marks: [] });
  } catch (error) {
    throw unavailable(path, error);
  }
}

/**
 * @param isLast whether it will be appended to: then it is read whole, and what was cut off in the middle of a commit goes
 * @returns undefined for a file of which nothing can be read; it is left as it is
 * @throws ShellError SPOOL_UNAVAILABLE when it cannot be opened
 */
export function openSegment<State>(path: string, number: number, isLast: boolean): Segment<State> | undefined {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    throw unavailable(path, error);
  }
  const size = fstatSync(file).size;
  const magic = readAt(file, 0, MAGIC.length);
  if (isOtherVersion(magic)) {
    closeSync(file);
    return undefined;
  }
  const first = magic.equals(MAGIC) ? frameAt(file, MAGIC.length) : undefined;
  const isBegun = first?.kind === 'state' && first.start === MAGIC.length;
  const begin = isBegun ? (JSON.parse(first.json) as State) : undefined;
  if (!isLast && isBegun) return segmentOver({ path, number, file, begin, broken: false, end: size, marks: [] });
  const marks: Mark[] = [];
  let unfinished: Mark[] = [];
  let end = 0;
  let reached = MAGIC.length;
  let hasGap = !isBegun;
  let broken = false;
  for (const frame of framesFrom(file, MAGIC.length)) {
    hasGap ||= frame.start !== reached;
    reached = frame.end;
    if (frame.kind === 'entry') unfinished.push({ sequence: frame.sequence, offset: frame.start });
    else {
      end = frame.end;
      // A commit behind a broken place was acknowledged; one that was cut off has nothing behind it.
      broken = hasGap;
      for (const mark of unfinished) addMark(marks, mark);
      unfinished = [];
    }
  }
  if (end === 0) {
    closeSync(file);
    return undefined;
  }
  if (isLast && end < size) {
    try {
      ftruncateSync(file, end);
    } catch (error) {
      closeSync(file);
      throw unavailable(path, error);
    }
  }
  return segmentOver({ path, number, file, begin, broken, end, marks });
}

/** What another version wrote has other entries in frames of the same kind. */
function isOtherVersion(magic: Buffer): boolean {
  return /^VGLSPOL\d$/.test(magic.toString('latin1')) && !magic.equals(MAGIC);
}

/** Whether a file is the beginning of a segment that was cut off: nothing in it was acknowledged. */
export function isCutOff(path: string): boolean {
  const start = readFileSync(path).subarray(0, MAGIC.length);
  return start.equals(MAGIC.subarray(0, start.length));
}

interface Opened<State> {
  readonly path: string;
  readonly number: number;
  readonly file: number;
  readonly begin: State | undefined;
  readonly broken: boolean;
  /** Where the last commit ends. */
  readonly end: number;
  readonly marks: Mark[];
}

function segmentOver<State>({ path, number, file, begin, marks, ...opened }: Opened<State>): Segment<State> {
  let { end, broken } = opened;
  const append = async (entries: readonly SequencedBytes[], after: State): Promise<void> => {
    const commit = encodeCommit(entries, JSON.stringify(after));
    try {
      for (let written = 0; written < commit.length;)
        written += (await writeAt(file, commit, written, commit.length - written, end + written)).bytesWritten;
      await syncData(file);
    } catch (error) {
      // What is there of it must not be found behind a later, shorter commit.
      try {
        ftruncateSync(file, end);
      } catch {
        broken = true;
      }
      // After a failed sync nobody knows what the disk has; it may have everything.
      if ((error as NodeJS.ErrnoException).syscall === 'fdatasync') broken = true;
      throw unavailable(path, error);
    }
    let offset = end;
    for (const { sequence, bytes } of entries) {
      addMark(marks, { sequence, offset });
      offset += entryFrameBytes(bytes);
    }
    end += commit.length;
  };
  return {
    number,
    begin,
    append,
    states: function* () {
      for (const frame of framesFrom(file, MAGIC.length, end))
        if (frame.kind === 'state') yield JSON.parse(frame.json) as State;
    },
    read: function* (after) {
      const from = marks.findLast(({ sequence }) => sequence <= after + 1)?.offset ?? MAGIC.length;
      for (const frame of framesFrom(file, from, end)) {
        if (frame.kind !== 'entry') continue;
        addMark(marks, { sequence: frame.sequence, offset: frame.start });
        if (frame.sequence > after) yield { sequence: frame.sequence, bytes: frame.bytes };
      }
    },
    sizeBytes: () => end,
    isBroken: () => broken,
    close: () => closeSync(file),
    delete: () => {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

function addMark(marks: Mark[], mark: Mark): void {
  const last = marks.at(-1);
  if (last === undefined || mark.offset >= last.offset + MARK_BYTES) marks.push(mark);
}

type Placed = Frame & { readonly start: number };

/** Whole and unbroken frames from an offset on, over broken places too. */
function* framesFrom(file: number, from: number, end = fstatSync(file).size): Iterable<Placed> {
  for (let at: number | undefined = from; at !== undefined; at = nextFrame(file, at + 1, end)) {
    for (const frame of wholeFrames(file, at, end)) {
      yield frame;
      at = frame.end;
    }
    if (at >= end) return;
  }
}

/** … until there is none. */
function* wholeFrames(file: number, from: number, end: number): Iterable<Placed> {
  let at = from;
  for (;;) {
    const wanted = Math.min(READ_BYTES, end - at);
    if (wanted <= 0) return;
    let chunk = readAt(file, at, wanted);
    const length = payloadLength(chunk.subarray(0, FRAME_HEAD));
    if (length === undefined || at + FRAME_HEAD + length > end) return;
    if (chunk.length < FRAME_HEAD + length) chunk = readAt(file, at, FRAME_HEAD + length);
    let inChunk = 0;
    for (let frame = decodeFrame(chunk, 0); frame !== undefined; frame = decodeFrame(chunk, inChunk)) {
      yield { ...frame, start: at + inChunk, end: at + frame.end };
      inChunk = frame.end;
    }
    if (inChunk === 0) return;
    at += inChunk;
  }
}

/** Where the next whole frame begins, from an offset on. */
function nextFrame(file: number, from: number, end: number): number | undefined {
  for (let at = from; at < end; at += READ_BYTES) {
    const chunk = readAt(file, at, Math.min(READ_BYTES + FRAME_HEAD, end - at));
    for (let inChunk = 0; inChunk < Math.min(READ_BYTES, chunk.length); inChunk += 1) {
      const length = payloadLength(chunk.subarray(inChunk, inChunk + FRAME_HEAD));
      if (length === undefined || length > FOUND_AGAIN_BYTES || at + inChunk + FRAME_HEAD + length > end) continue;
      if (decodeFrame(readAt(file, at + inChunk, FRAME_HEAD + length), 0) !== undefined) return at + inChunk;
    }
  }
  return undefined;
}

function frameAt(file: number, at: number): Placed | undefined {
  for (const frame of wholeFrames(file, at, fstatSync(file).size)) return frame;
  return undefined;
}

/** Fewer bytes where the file ends earlier. */
function readAt(file: number, at: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const n = readSync(file, buffer, read, length - read, at + read);
    if (n === 0) break;
    read += n;
  }
  return buffer.subarray(0, read);
}

function writeAllSync(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}

/** A new name in a folder is only on the disk when the folder is. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function unavailable(path: string, error: unknown): ShellError {
  return new ShellError('SPOOL_UNAVAILABLE', `${path}: ${messageOf(error)}`, { retryable: true, cause: error });
}
