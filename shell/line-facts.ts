/**
 * What is asked of a command's line, remembered for lines met lately. The same line is asked about several times for one event, and
 * agents repeat themselves: of the lines of recorded sessions 15 to 44 % stood in the same session before.
 */
import { type Effects, effectsOf } from './effects/effects.ts';
import { programOf } from './normalise.ts';
import { parseCommandLine } from './parse.ts';
import type { ParsedLine } from './parsed.ts';

export interface LineFacts {
  readonly parsed: ParsedLine;
  /** The first program that the line really runs. */
  readonly program: ReturnType<typeof programOf>;
  readonly effects: Effects;
}

/** Longer lines are seldom repeated, and a few of them would fill the memory (UTF-16 units). */
const REMEMBERED_LENGTH = 512;
/** Of one generation: the older of the two is forgotten when the younger is full. */
const GENERATION = 512;

let young = new Map<string, LineFacts>();
let old = new Map<string, LineFacts>();

/** Parses the line if it has to. @param line at most 1 MiB of it is read, as by `parseCommandLine` */
export function factsOf(line: string): LineFacts {
  if (line.length > REMEMBERED_LENGTH) return new Facts(line);
  const found = young.get(line);
  if (found !== undefined) return found;
  const facts = old.get(line) ?? new Facts(line);
  if (young.size >= GENERATION) {
    old = young;
    young = new Map();
  }
  young.set(line, facts);
  return facts;
}

/** Each fact is found out when it is first asked for. */
class Facts implements LineFacts {
  readonly parsed: ParsedLine;
  #program: LineFacts['program'] | null = null;
  #effects: Effects | undefined;

  constructor(line: string) {
    this.parsed = parseCommandLine(line);
  }

  get program(): LineFacts['program'] {
    if (this.#program === null) this.#program = programOf(this.parsed);
    return this.#program;
  }

  get effects(): Effects {
    return (this.#effects ??= effectsOf(this.parsed));
  }
}
