/**
 * The messages of a unary gRPC call: each is one byte of flags (1: compressed), four of length (big-endian), then the
 * body. (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { Hold } from './receiver.ts';
import { Refusal, SenderGone } from './refusal.ts';

const PREFIX_BYTES = 5;
/** Some clients end a stream just before they reset it: half a message is one of a sender that gave up, if that follows. */
const RESET_GRACE_MS = 100;

export interface GrpcMessage {
  readonly compressed: boolean;
  readonly body: Buffer;
}

export function frameMessage(body: Uint8Array): Buffer {
  const framed = Buffer.alloc(PREFIX_BYTES + body.length);
  framed.writeUInt32BE(body.length, 1);
  framed.set(body, PREFIX_BYTES);
  return framed;
}

/**
 * Reads the only message of a call to its end, and nothing after the first fault of it.
 *
 * @param limit largest body (bytes); a larger one is refused when its length is known, not when it is here
 * @param timeoutMs from now to its end
 * @throws Refusal `malformed`, `too_large`, `too_slow`; SenderGone; what `hold` throws
 */
export function readMessage(
  stream: ServerHttp2Stream,
  limit: number,
  timeoutMs: number,
  hold: Hold,
): Promise<GrpcMessage> {
  const chunks: Buffer[] = [];
  let size = 0;
  const add = (chunk: Buffer): void => {
    hold(chunk.length);
    chunks.push(chunk);
    const before = size;
    size += chunk.length;
    if (size < PREFIX_BYTES) return;
    if (before < PREFIX_BYTES) chunks.splice(0, chunks.length, Buffer.concat(chunks, size));
    const length = chunks[0]?.readUInt32BE(1) ?? 0;
    if (length > limit) throw new Refusal('too_large', `the body is larger than ${limit} bytes`);
    if (size > PREFIX_BYTES + length) throw new Refusal('malformed', 'more than one message in a unary call');
  };
  const isWhole = (): boolean => size >= PREFIX_BYTES && size === PREFIX_BYTES + (chunks[0]?.readUInt32BE(1) ?? 0);
  const whole = (): GrpcMessage => {
    const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
    if (size === 0) throw new Refusal('malformed', 'a call without a message');
    if (!isWhole()) throw new Refusal('malformed', `the call ends inside its message, after ${size} bytes`);
    const flags = all[0] ?? 0;
    if (flags > 1) throw new Refusal('malformed', `the flags of a message are 0 or 1, not ${flags}`);
    return { compressed: flags === 1, body: all.subarray(PREFIX_BYTES) };
  };

  return new Promise((resolve, reject) => {
    // An attempt that throws has an answer already: what comes after it is not read.
    const attempt = (work: () => void) => (): void => {
      try {
        work();
      } catch (error) {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const onData = (chunk: Buffer): void => attempt(() => add(chunk))();
    const finish = attempt(() => {
      const message = whole();
      settle();
      resolve(message);
    });
    const onEnd = (): void => {
      clearTimeout(timer);
      if (isWhole()) finish();
      else timer = setTimeout(finish, RESET_GRACE_MS);
    };
    const onGone = attempt(() => {
      throw new SenderGone();
    });
    const late = attempt(() => {
      throw new Refusal('too_slow', `the call took longer than ${timeoutMs / 1000} seconds to arrive`);
    });
    let timer = setTimeout(late, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      stream.off('data', onData).off('end', onEnd).off('aborted', onGone).off('close', onGone).pause();
    };
    if (stream.destroyed || stream.aborted) onGone();
    else stream.on('data', onData).on('end', onEnd).on('aborted', onGone).on('close', onGone);
  });
}
