/** Reads the frames of a segment file, over broken places too. */
import { fstatSync } from 'node:fs';
import { readAt } from '../../../platform/files/append-only-file.ts';
import { type Coding, FRAME_HEAD, type Frame, decodeFrame, payloadLength } from './segment-format.ts';

const READ_BYTES = 256 * 1024;
/** Behind a broken place the next frame is looked for byte by byte; one longer than this is not found again. */
const FOUND_AGAIN_BYTES = 2 * 1024 ** 2;

/** An open file, and how its payloads are written. */
export interface Source {
  readonly file: number;
  readonly coding: Coding;
}

/** A frame and where it begins in the file. */
export type Placed = Frame & { readonly start: number };

/** Whole and unbroken frames from an offset on, over broken places too. */
export function* framesFrom(source: Source, from: number, end = fstatSync(source.file).size): Iterable<Placed> {
  for (let at: number | undefined = from; at !== undefined; at = nextFrame(source, at + 1, end)) {
    for (const frame of wholeFrames(source, at, end)) {
      yield frame;
      at = frame.end;
    }
    if (at >= end) return;
  }
}

/** … until there is none. */
function* wholeFrames({ file, coding }: Source, from: number, end: number): Iterable<Placed> {
  let at = from;
  for (;;) {
    const wanted = Math.min(READ_BYTES, end - at);
    if (wanted <= 0) return;
    let chunk = readAt(file, at, wanted);
    const length = payloadLength(chunk.subarray(0, FRAME_HEAD));
    if (length === undefined || at + FRAME_HEAD + length > end) return;
    if (chunk.length < FRAME_HEAD + length) chunk = readAt(file, at, FRAME_HEAD + length);
    let inChunk = 0;
    for (
      let frame = decodeFrame(chunk, 0, coding, at);
      frame !== undefined;
      frame = decodeFrame(chunk, inChunk, coding, at)
    ) {
      yield { ...frame, start: at + inChunk, end: at + frame.end };
      inChunk = frame.end;
    }
    if (inChunk === 0) return;
    at += inChunk;
  }
}

/** Where the next whole frame begins, from an offset on. */
function nextFrame({ file, coding }: Source, from: number, end: number): number | undefined {
  for (let at = from; at < end; at += READ_BYTES) {
    const chunk = readAt(file, at, Math.min(READ_BYTES + FRAME_HEAD, end - at));
    for (let inChunk = 0; inChunk < Math.min(READ_BYTES, chunk.length); inChunk += 1) {
      const length = payloadLength(chunk.subarray(inChunk, inChunk + FRAME_HEAD));
      if (length === undefined || length > FOUND_AGAIN_BYTES || at + inChunk + FRAME_HEAD + length > end) continue;
      if (decodeFrame(readAt(file, at + inChunk, FRAME_HEAD + length), 0, coding, at + inChunk) !== undefined)
        return at + inChunk;
    }
  }
  return undefined;
}

export function frameAt(source: Source, at: number): Placed | undefined {
  for (const frame of wholeFrames(source, at, fstatSync(source.file).size)) return frame;
  return undefined;
}
