/**
 * What is known about a command's line, remembered for recent lines. One event asks for the same line several times, and
 * agents repeat themselves: 15 to 44 % of the lines of recorded sessions occurred before in the same session.
 */
import type { Effect } from './effects/effect.ts';
import { commandEffects, type Effects, effectsOf } from './effects/effects.ts';
import { foundFiles } from './effects/found.ts';
import { programOf } from './normalise.ts';
import { parseCommandLine } from './parse.ts';
import type { ParsedLine, SimpleCommand } from './parsed.ts';

export interface LineFacts {
  readonly parsed: ParsedLine;
  /** The first program that the line really runs. */
  readonly program: ReturnType<typeof programOf>;
  /** The effects from which events are derived. */
  readonly effects: Effects;
  /** All effects of one of its commands, the possible ones included. */
  effectsOfCommand(command: SimpleCommand): readonly Effect[];
}

/** UTF-16 units. Longer lines are rarely repeated, and a few of them would fill the memory. */
const REMEMBERED_LENGTH = 512;
/** Lines of one generation: the older of the two is dropped when the younger is full. */
const GENERATION = 512;

let young = new Map<string, LineFacts>();
let old = new Map<string, LineFacts>();

/** Parses the line unless it is remembered. @param line at most 1 MiB of it is read, as by `parseCommandLine` */
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

/** Computes each fact when it is first asked for. */
class Facts implements LineFacts {
  readonly parsed: ParsedLine;
  #program: LineFacts['program'] | null = null;
  #effects: Effects | undefined;
  #found: ReturnType<typeof foundFiles> | undefined;
  readonly #byCommand = new Map<SimpleCommand, readonly Effect[]>();

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

  effectsOfCommand(command: SimpleCommand): readonly Effect[] {
    let effects = this.#byCommand.get(command);
    if (effects === undefined) {
      this.#found ??= foundFiles(this.parsed);
      effects = commandEffects(command, this.parsed.shell, this.#found.get(command));
      this.#byCommand.set(command, effects);
    }
    return effects;
  }
}
