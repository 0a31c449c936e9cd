/**
 * One file of the quarantine, only ever appended to and deleted whole.
 *
 * Layout: the magic (8 bytes), a salt (16), a proof of the key (16); then frames: length of the payload (4 bytes,
 * big-endian), CRC-32 of the payload (4), the payload. A payload is the length of the head (4), the head as JSON in clear,
 * and the content sealed with AES-256-GCM under a key of this file, for this head at this place. The first eight bytes of a
 * frame are written last, so that a write which was cut off anywhere reads as if it had not begun.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { DataKey } from '../../platform/encryption/data-key.ts';
import { SEAL_BYTES, createSealer, unseal } from '../../platform/encryption/seal.ts';
import { type WriteWhole, appendOnlyFile, readAt } from '../../platform/files/append-only-file.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { Head } from './entry.ts';

const MAGIC = Buffer.from('VGLQUAR1');
const SALT_BYTES = 16;
const PROOF_BYTES = 16;
const FILE_HEAD = MAGIC.length + SALT_BYTES + PROOF_BYTES;
const FRAME_HEAD = 8;
/** Sealed and written in pieces of this size: a long body is not in memory twice. */
const PIECE_BYTES = 1024 ** 2;

export interface Frame {
  readonly head: Head;
  readonly at: number;
  readonly end: number;
}

export interface OpenFile {
  readonly path: string;
  sizeBytes(): number;
  /** True when it cannot be trusted to take more; what it has stands. */
  isBroken(): boolean;
  /** On disk when it resolves; one at a time. @throws ShellError QUARANTINE_UNAVAILABLE; then nothing of it is kept */
  append(head: Head, content: readonly Buffer[]): Promise<void>;
  close(): void;
}

/** @throws ShellError QUARANTINE_UNAVAILABLE; then no file is left */
export function createFile(path: string, key: DataKey): OpenFile {
  const salt = randomBytes(SALT_BYTES);
  let file: number | undefined;
  try {
    file = openSync(path, 'wx+', 0o600);
    writeSync(file, Buffer.concat([MAGIC, salt, proofFor(key, salt)]), 0, FILE_HEAD, 0);
    fsyncSync(file);
  } catch (error) {
    if (file !== undefined) {
      closeSync(file);
      rmSync(path, { force: true });
    }
    throw unavailable(path, error);
  }
  return appendable(path, file, keyFor(key, salt), FILE_HEAD);
}

/**
 * Opens a file for more; what was cut off at its end goes.
 *
 * @returns undefined for a file of which not even the beginning was written
 * @throws ShellError QUARANTINE_UNAVAILABLE, WRONG_KEY
 */
export function openFile(path: string, key: DataKey): OpenFile | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r+');
    const begin = fileHead(file);
    if (begin === undefined) {
      closeSync(file);
      return undefined;
    }
    assertKey(path, key, begin);
    let end = FILE_HEAD;
    for (const frame of framesOf(file, true)) end = frame.end;
    if (end < fstatSync(file).size) ftruncateSync(file, end);
    return appendable(path, file, keyFor(key, begin.salt), end);
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw error instanceof ShellError ? error : unavailable(path, error);
  }
}

/** Heads of a file, also while another process appends to it. @throws ShellError QUARANTINE_UNAVAILABLE */
export function readHeads(path: string): readonly Frame[] {
  return withFile(path, (file) => (fileHead(file) === undefined ? [] : [...framesOf(file, false)]));
}

/**
 * @returns undefined when it is broken
 * @throws ShellError WRONG_KEY, QUARANTINE_UNAVAILABLE
 */
export function readContent(path: string, key: DataKey, { at, end }: Frame): Buffer | undefined {
  return withFile(path, (file) => {
    const begin = fileHead(file);
    if (begin === undefined) return undefined;
    assertKey(path, key, begin);
    const payload = readAt(file, at + FRAME_HEAD, end - at - FRAME_HEAD);
    const headEnd = 4 + payload.readUInt32BE(0);
    return unseal(keyFor(key, begin.salt), placeOf(at, payload.subarray(4, headEnd)), payload.subarray(headEnd));
  });
}

/** Whether a file was written with this key. @throws ShellError WRONG_KEY, QUARANTINE_UNAVAILABLE */
export function assertKeyOf(path: string, key: DataKey): void {
  withFile(path, (file) => {
    const begin = fileHead(file);
    if (begin !== undefined) assertKey(path, key, begin);
  });
}

function appendable(path: string, file: number, key: Buffer, from: number): OpenFile {
  const frames = appendOnlyFile(file, from);
  const append = async (head: Head, content: readonly Buffer[]): Promise<void> => {
    const json = Buffer.from(JSON.stringify(head));
    const begin = Buffer.alloc(4);
    begin.writeUInt32BE(json.length);
    const fill = async (write: WriteWhole, start: number): Promise<number> => {
      let crc = 0;
      let at = start + FRAME_HEAD;
      const put = async (bytes: Buffer): Promise<void> => {
        crc = crc32(bytes, crc);
        at = await write(bytes, at);
      };
      const sealer = createSealer(key, placeOf(start, json));
      for (const part of [begin, json, sealer.nonce]) await put(part);
      for (const part of content)
        for (let from = 0; from < part.length; from += PIECE_BYTES)
          await put(sealer.update(part.subarray(from, from + PIECE_BYTES)));
      await put(sealer.tag());
      const frameHead = Buffer.alloc(FRAME_HEAD);
      frameHead.writeUInt32BE(at - start - FRAME_HEAD, 0);
      frameHead.writeUInt32BE(crc, 4);
      await write(frameHead, start);
      return at;
    };
    try {
      await frames.append(fill);
    } catch (error) {
      throw unavailable(path, error);
    }
  };
  return { path, append, sizeBytes: frames.sizeBytes, isBroken: frames.isBroken, close: frames.close };
}

/** @param whole look at all of each frame, not only at where it ends */
function* framesOf(file: number, whole: boolean): Iterable<Frame> {
  const { size } = fstatSync(file);
  for (let at = FILE_HEAD; at + FRAME_HEAD + 4 <= size;) {
    const begin = readAt(file, at, FRAME_HEAD + 4);
    const length = begin.readUInt32BE(0);
    const headLength = begin.readUInt32BE(FRAME_HEAD);
    const end = at + FRAME_HEAD + length;
    if (length < 4 + headLength + SEAL_BYTES || end > size) return;
    if (whole && crcOf(file, at + FRAME_HEAD, end) !== begin.readUInt32BE(4)) return;
    const head = parseHead(readAt(file, at + FRAME_HEAD + 4, headLength));
    if (head === undefined) return;
    yield { head, at, end };
    at = end;
  }
}

function crcOf(file: number, from: number, end: number): number {
  let crc = 0;
  for (let at = from; at < end; at += PIECE_BYTES) crc = crc32(readAt(file, at, Math.min(PIECE_BYTES, end - at)), crc);
  return crc;
}

function parseHead(json: Buffer): Head | undefined {
  try {
    return Head.parse(JSON.parse(json.toString('utf8')));
  } catch {
    return undefined;
  }
}

interface FileHead {
  readonly salt: Buffer;
  readonly proof: Buffer;
}

function fileHead(file: number): FileHead | undefined {
  const bytes = readAt(file, 0, FILE_HEAD);
  if (bytes.length < FILE_HEAD || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  return { salt: bytes.subarray(MAGIC.length, MAGIC.length + SALT_BYTES), proof: bytes.subarray(-PROOF_BYTES) };
}

/** @throws ShellError WRONG_KEY */
function assertKey(path: string, key: DataKey, { salt, proof }: FileHead): void {
  if (proofFor(key, salt).equals(proof)) return;
  throw new ShellError('WRONG_KEY', `${path} was written with another key; give that one, or move the file away`, {
    retryable: false,
  });
}

function keyFor(key: DataKey, salt: Buffer): Buffer {
  return key.of('quarantine', salt);
}

function proofFor(key: DataKey, salt: Buffer): Buffer {
  return key.of('quarantine proof', salt).subarray(0, PROOF_BYTES);
}

function placeOf(at: number, head: Buffer): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(at));
  return Buffer.concat([place, head]);
}

function withFile<T>(path: string, use: (file: number) => T): T {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw unavailable(path, error);
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function unavailable(path: string, error: unknown): ShellError {
  return new ShellError('QUARANTINE_UNAVAILABLE', `${path}: ${messageOf(error)}`, { retryable: true, cause: error });
}
