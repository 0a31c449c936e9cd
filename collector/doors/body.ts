/** Collects a body that comes in parts. A sender may make them one byte each: of many no more is kept than of few. */
export interface Body {
  add(part: Buffer): void;
  sizeBytes(): number;
  /** All that came so far; valid until the next part. */
  bytes(): Buffer;
}

export function createBody(): Body {
  let buffer: Buffer = Buffer.alloc(0);
  let size = 0;
  return {
    add: (part) => {
      const before = size;
      size += part.length;
      // Most bodies are one part, which is not copied; nothing is ever written into it.
      if (before === 0) {
        buffer = part;
        return;
      }
      if (size > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * buffer.length));
        buffer.copy(larger, 0, 0, before);
        buffer = larger;
      }
      part.copy(buffer, before);
    },
    sizeBytes: () => size,
    bytes: () => buffer.subarray(0, size),
  };
}
