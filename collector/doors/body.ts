/** Collects a body that arrives in parts. Memory does not grow with their number, even if a sender makes each part one byte. */
export interface Body {
  add(part: Buffer): void;
  sizeBytes(): number;
  /** All bytes received so far; valid until the next part. */
  bytes(): Buffer;
}

export function createBody(): Body {
  let buffer: Buffer = Buffer.alloc(0);
  let size = 0;
  return {
    add: (part) => {
      const before = size;
      size += part.length;
      // Most bodies are one part, which is not copied and never written to.
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
