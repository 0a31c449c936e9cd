/**
 * One file of the spool, only ever appended to and deleted whole. A file of our own and not LMDB's, whose native code breaks
 * the heap of the process when a full disk fails a commit (docs/decisions/0006).
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { appendOnlyFile, readAt } from '../../../platform/files/append-only-file.ts';
import { ShellError, messageOf } from '../../../platform/shell-error.ts';
import type { DataKey } from '../../../platform/encryption/data-key.ts';
import {
  type Coding,
  MAGIC,
  PLAINTEXT,
  SEALED_HEAD,
  SEALED_MAGIC,
  type SequencedBytes,
  encodeCommit,
  entryFrameBytes,
  sealedCoding,
} from './segment-format.ts';
import { type Source, frameAt, framesFrom } from './segment-frames.ts';

export interface Segment<State> {
  readonly number: number;
  /** The state with which the segment was begun: of everything before its first entry. Undefined where that cannot be read. */
  readonly begin: State | undefined;
  /**
   * All of it or nothing, on disk when it resolves; one at a time. Sequences ascend.
   *
   * @throws ShellError SPOOL_UNAVAILABLE (a full or broken disk, or `isBroken`); then nothing of it is kept, and later ones may succeed
   */
  append(entries: readonly SequencedBytes[], state: State): Promise<void>;
  /** Every state that can be read, that of the beginning among them, in order. */
  states(): Iterable<State>;
  /** Entries with a sequence above `after`, ascending; those that cannot be read are missing among them. */
  read(after: number): Iterable<SequencedBytes>;
  sizeBytes(): number;
  /** True when nothing more may be appended; existing entries stay readable. */
  isBroken(): boolean;
  close(): void;
  delete(): void;
}

/** Reading starts at most this many bytes before the requested entry. */
const MARK_BYTES = 64 * 1024;

interface Mark {
  /** Sequence of the first entry at or after the offset. */
  readonly sequence: number;
  readonly offset: number;
}

/** @throws ShellError SPOOL_UNAVAILABLE when it cannot be begun, for instance on a full disk; then no file is left */
export function createSegment<State>(path: string, number: number, begin: State, key?: DataKey): Segment<State> {
  const coding = key === undefined ? PLAINTEXT : sealedCoding(key, number);
  const first = Buffer.concat([coding.head, encodeCommit([], JSON.stringify(begin), coding, coding.head.length)]);
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
    return segmentOver({ path, number, file, coding, begin, broken: false, end: first.length, marks: [] });
  } catch (error) {
    throw unavailable(path, error);
  }
}

/**
 * @param isLast whether it will be appended to: then it is read whole, and what was cut off in the middle of a commit goes
 * @returns undefined for a file of which nothing can be read; it is left as it is
 * @throws ShellError SPOOL_UNAVAILABLE when it cannot be opened; SPOOL_KEY when it was written without the key, with another or
 * with one and none is set
 */
export function openSegment<State>(
  path: string,
  number: number,
  isLast: boolean,
  key?: DataKey,
): Segment<State> | undefined {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    throw unavailable(path, error);
  }
  const size = fstatSync(file).size;
  const head = readAt(file, 0, SEALED_HEAD);
  if (isOtherVersion(head.subarray(0, MAGIC.length))) {
    closeSync(file);
    return undefined;
  }
  const coding = key === undefined ? PLAINTEXT : sealedCoding(key, number);
  const source = { file, coding };
  const from = coding.head.length;
  const first = frameAt(source, from);
  // A bit of the head may have turned; what opens with the key was written with it.
  const trouble = first === undefined ? keyTrouble(head, coding) : undefined;
  if (trouble !== undefined) {
    closeSync(file);
    throw new ShellError('SPOOL_KEY', `${path} ${trouble}; nothing of it was touched`, { retryable: false });
  }
  const isBegun = first?.kind === 'state';
  const begin = isBegun ? (JSON.parse(first.json) as State) : undefined;
  if (!isLast && isBegun) return segmentOver({ path, number, ...source, begin, broken: false, end: size, marks: [] });
  const marks: Mark[] = [];
  let unfinished: Mark[] = [];
  let end = 0;
  let reached = from;
  let hasGap = !isBegun;
  let broken = false;
  for (const frame of framesFrom(source, from)) {
    hasGap ||= frame.start !== reached;
    reached = frame.end;
    if (frame.kind === 'entry') unfinished.push({ sequence: frame.sequence, offset: frame.start });
    else {
      end = frame.end;
      // A commit after a broken place was acknowledged; a commit that was cut off has nothing after it.
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
  return segmentOver({ path, number, ...source, begin, broken, end, marks });
}

/** Files of another version have other entries in frames of the same kind. */
function isOtherVersion(magic: Buffer): boolean {
  return /^VGLSPOL\d$/.test(magic.toString('latin1')) && !magic.equals(MAGIC) && !magic.equals(SEALED_MAGIC);
}

/** Whether a file is the beginning of a segment that was cut off: nothing in it was acknowledged. */
export function isCutOff(path: string): boolean {
  const start = readFileSync(path).subarray(0, MAGIC.length);
  return [MAGIC, SEALED_MAGIC].some((magic) => start.equals(magic.subarray(0, start.length)));
}

interface Opened<State> extends Source {
  readonly path: string;
  readonly number: number;
  readonly begin: State | undefined;
  readonly broken: boolean;
  /** Offset of the end of the last commit. */
  readonly end: number;
  readonly marks: Mark[];
}

function segmentOver<State>({ path, number, file, coding, begin, marks, ...opened }: Opened<State>): Segment<State> {
  const source = { file, coding };
  const first = coding.head.length;
  const commits = appendOnlyFile(file, opened.end, opened.broken);
  const append = async (entries: readonly SequencedBytes[], after: State): Promise<void> => {
    let offset = commits.sizeBytes();
    try {
      await commits.append((write, start) => write(encodeCommit(entries, JSON.stringify(after), coding, start), start));
    } catch (error) {
      throw unavailable(path, error);
    }
    for (const { sequence, bytes } of entries) {
      addMark(marks, { sequence, offset });
      offset += entryFrameBytes(bytes, coding);
    }
  };
  return {
    number,
    begin,
    append,
    states: function* () {
      for (const frame of framesFrom(source, first, commits.sizeBytes()))
        if (frame.kind === 'state') yield JSON.parse(frame.json) as State;
    },
    read: function* (after) {
      const from = marks.findLast(({ sequence }) => sequence <= after + 1)?.offset ?? first;
      for (const frame of framesFrom(source, from, commits.sizeBytes())) {
        if (frame.kind !== 'entry') continue;
        addMark(marks, { sequence: frame.sequence, offset: frame.start });
        if (frame.sequence > after) yield { sequence: frame.sequence, bytes: frame.bytes };
      }
    },
    sizeBytes: commits.sizeBytes,
    isBroken: commits.isBroken,
    close: () => commits.close(),
    delete: () => {
      commits.close();
      rmSync(path, { force: true });
    },
  };
}

function addMark(marks: Mark[], mark: Mark): void {
  const last = marks.at(-1);
  if (last === undefined || mark.offset >= last.offset + MARK_BYTES) marks.push(mark);
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

/** Why a file that begins so cannot be read. */
function keyTrouble(head: Buffer, { head: wanted }: Coding): string | undefined {
  const magic = head.subarray(0, MAGIC.length);
  if (wanted === MAGIC) return magic.equals(SEALED_MAGIC) ? 'is encrypted, and VIGIL_DATA_KEY is not set' : undefined;
  if (magic.equals(MAGIC)) return 'was written without a key, and VIGIL_DATA_KEY is set';
  const isOther = magic.equals(SEALED_MAGIC) && head.length === SEALED_HEAD && !head.equals(wanted);
  return isOther ? 'was encrypted with another key than VIGIL_DATA_KEY' : undefined;
}
