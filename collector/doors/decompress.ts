/** Decompresses request bodies, few at a time: how large one gets is known only afterwards. */
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { messageOf } from '../../platform/shell-error.ts';
import { Refusal } from '../refusal.ts';
import { createTurns } from './turns.ts';

/** @param compression `gzip`, `deflate` or `identity`, in any case @throws Refusal `compression`, `too_large`, `malformed` */
export type Decompress = (compression: string, body: Buffer) => Promise<Buffer>;

const DECOMPRESSIONS = 2;
const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** @param limit largest result (bytes): decompression ends there */
export function createDecompress(limit: number): Decompress {
  const inTurn = createTurns(DECOMPRESSIONS);
  return async (compression, body) => {
    const name = compression.trim().toLowerCase();
    if (name === 'identity' || name === '') return body;
    if (name !== 'gzip' && name !== 'deflate') {
      const given = JSON.stringify(name.slice(0, 100));
      throw new Refusal('compression', `the body may be compressed by gzip, deflate or identity, not by ${given}`);
    }
    try {
      return await inTurn(() => decompressors[name](body, { maxOutputLength: limit }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        throw new Refusal('too_large', `the decompressed body is larger than ${limit} bytes`);
      throw new Refusal('malformed', `the body is not valid ${name}: ${messageOf(error)}`);
    }
  };
}
