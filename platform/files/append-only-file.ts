/** A file that is only appended to: what an append that failed has written is cut off again, so that nothing of it is left. */
import { closeSync, fdatasync, ftruncateSync, readSync, write } from 'node:fs';
import { promisify } from 'node:util';

export interface AppendOnlyFile {
  /** The descriptor, for reading. */
  readonly file: number;
  /** Where the last append that succeeded ends. */
  readonly sizeBytes: () => number;
  /** True when what the disk has of a failed append is unknown: what was appended before stays readable. */
  readonly isBroken: () => boolean;
  /**
   * On disk when it resolves; one at a time.
   *
   * @param fill writes from `start` on, in any order, and returns where the append ends
   * @throws what failed; then nothing of it is kept, and a later append may succeed unless the file is broken
   */
  append(fill: (write: WriteWhole, start: number) => Promise<number>): Promise<void>;
  close(): void;
}

/** Writes all of the bytes at an offset. @returns where they end */
export type WriteWhole = (bytes: Buffer, at: number) => Promise<number>;

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

/** @param end offset behind what is kept */
export function appendOnlyFile(file: number, end: number, isBroken = false): AppendOnlyFile {
  let sizeBytes = end;
  let broken = isBroken;
  const writeWhole: WriteWhole = async (bytes, at) => {
    for (let written = 0; written < bytes.length;)
      written += (await writeAt(file, bytes, written, bytes.length - written, at + written)).bytesWritten;
    return at + bytes.length;
  };
  const cutBack = (): void => {
    try {
      ftruncateSync(file, sizeBytes);
    } catch {
      broken = true;
    }
  };
  return {
    file,
    sizeBytes: () => sizeBytes,
    isBroken: () => broken,
    append: async (fill) => {
      if (broken) throw new Error('it is unknown what the file holds of a failed write: nothing more is appended');
      let filled: number;
      try {
        filled = await fill(writeWhole, sizeBytes);
        await syncData(file);
      } catch (error) {
        // The rest of it must not be found behind a later, shorter append.
        cutBack();
        // After a failed sync nobody knows what the disk has; it may have everything.
        if ((error as NodeJS.ErrnoException).syscall === 'fdatasync') broken = true;
        throw error;
      }
      sizeBytes = filled;
    },
    close: () => closeSync(file),
  };
}

/** Fewer bytes where the file ends earlier. */
export function readAt(file: number, at: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const n = readSync(file, buffer, read, length - read, at + read);
    if (n === 0) break;
    read += n;
  }
  return buffer.subarray(0, read);
}
