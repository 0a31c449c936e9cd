/**
 * The messages of a unary gRPC call: each is one byte of flags (1: compressed), four of length (big-endian), then the
 * body. (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)
 */
import type { ServerHttp2Stream } from 'node:http2';
import { createBody } from './body.ts';
import type { Hold } from '../limits/shared-memory.ts';
import { Refusal, SenderGone } from '../refusal.ts';

const PREFIX_BYTES = 5;
/** Some clients end a stream just before they reset it, so a partial message followed by a reset is a cancelled call. */
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
 * Reads the only message of a call completely, and stops at its first fault.
 *
 * @param limit largest body (bytes); a larger one is refused as soon as its length is known
 * @param timeoutMs from now to its end
 * @throws Refusal `malformed`, `too_large`, `too_slow`; SenderGone; what `hold` throws
 */
export function readMessage(
  stream: ServerHttp2Stream,
  limit: number,
  timeoutMs: number,
  hold: Hold,
): Promise<GrpcMessage> {
  const parts = createBody();
  /** Undefined until the prefix has arrived. */
  const announced = (): number | undefined =>
    parts.sizeBytes() < PREFIX_BYTES ? undefined : PREFIX_BYTES + parts.bytes().readUInt32BE(1);
  const isWhole = (): boolean => parts.sizeBytes() === announced();
  const add = (part: Buffer): void => {
    hold(part.length);
    parts.add(part);
    const size = announced() ?? PREFIX_BYTES;
    if (size > PREFIX_BYTES + limit) throw new Refusal('too_large', `the body is larger than ${limit} bytes`);
    if (parts.sizeBytes() > size) throw new Refusal('malformed', 'more than one message in a unary call');
  };
  const whole = (): GrpcMessage => {
    const size = parts.sizeBytes();
    if (size === 0) throw new Refusal('malformed', 'a call without a message');
    if (!isWhole()) throw new Refusal('malformed', `the call ends inside its message, after ${size} bytes`);
    const [flags = 0] = parts.bytes();
    if (flags > 1) throw new Refusal('malformed', `the flags of a message are 0 or 1, not ${flags}`);
    return { compressed: flags === 1, body: parts.bytes().subarray(PREFIX_BYTES) };
  };

  return new Promise((resolve, reject) => {
    // A failed attempt has been answered already, so the rest is not read.
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
