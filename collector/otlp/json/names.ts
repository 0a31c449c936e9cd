/** The member names that a message knows, recognised by their bytes. */
import { decodeUtf8 } from '../input.ts';
import type { Input } from '../input.ts';

interface Name {
  readonly bytes: Uint8Array;
  readonly id: number;
}

const utf8 = new TextEncoder();
const BACKSLASH = 0x5c;

export class Names {
  /** By length, since few names of one message share it. */
  private readonly byLength: readonly (readonly Name[] | undefined)[];
  private readonly ids: ReadonlyMap<string, number>;

  /** @param spellings of each name, in order; the first is number 1 */
  constructor(...spellings: readonly (readonly string[])[]) {
    const byLength: Name[][] = [];
    const ids = new Map<string, number>();
    spellings.forEach((names, index) => {
      for (const name of names) {
        const bytes = utf8.encode(name);
        (byLength[bytes.length] ??= []).push({ bytes, id: index + 1 });
        ids.set(name, index + 1);
      }
    });
    this.byLength = Array.from(byLength);
    this.ids = ids;
  }

  /** Number of the name between two quotes; 0 for one that is not known. */
  idOf(input: Input, start: number, end: number): number {
    const { bytes } = input;
    const length = end - start;
    const candidates = length < this.byLength.length ? this.byLength[length] : undefined;
    if (candidates !== undefined) {
      for (const candidate of candidates) if (equals(bytes, start, candidate.bytes)) return candidate.id;
    }
    for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return this.escaped(bytes, start, end);
    return 0;
  }

  private escaped(bytes: Uint8Array, start: number, end: number): number {
    try {
      return this.ids.get(JSON.parse(`"${decodeUtf8(bytes, start, end)}"`) as string) ?? 0;
    } catch {
      return 0; // a name that is not a valid string is unknown
    }
  }
}

function equals(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}
