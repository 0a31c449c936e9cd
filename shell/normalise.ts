/** One text for the same action, by which alerts are grouped, and the program of a command event. */
import type { ParsedLine, SimpleCommand } from './parsed.ts';
import { isSetUpCommand } from './interpret/runs.ts';
import { templatePath, type Places } from './template-path.ts';

export { templatePath, type Places } from './template-path.ts';

/** Longer texts are cut here and closed with a checksum of what follows, so that different commands stay different. */
const NORMALISED_CHARS = 4_096;

/** Characters of the cut part in the checksum: two lines that agree that far are similar enough to group. */
const HASHED_CHARS = 65_536;

/** Arguments longer than this are scripts or data: their beginning and a checksum represent them. */
const ARGUMENT_CHARS = 256;

/**
 * Stable text of what a line does: wrappers stripped, quoting resolved, paths templated (`$HOME`, `$WORKSPACE`, `$TMP`),
 * numbers of six digits and more, hexadecimal ids and UUIDs replaced by `<n>`, `<hex>` and `<uuid>`.
 *
 * @param places the actor's home and the session's workspace, where known
 * @returns at most 4,120 characters; empty when the line runs nothing
 */
export function normaliseCommand(parsed: ParsedLine, places: Places = {}): string {
  let text = '';
  let rest = 0x811c9dc5;
  let hashed = 0;
  for (const [at, { commands }] of parsed.pipelines.entries()) {
    for (const [index, command] of commands.entries()) {
      if (hashed > HASHED_CHARS) break;
      if (at > 0 || index > 0) text += index > 0 ? ' | ' : ' ; ';
      for (const word of wordsOf(command, places)) {
        if (hashed > HASHED_CHARS) break;
        if (text.length <= NORMALISED_CHARS) text += word;
        else {
          rest = checksum(word, rest);
          hashed += word.length;
        }
      }
    }
  }
  if (text.length <= NORMALISED_CHARS) return text;
  return `${text.slice(0, NORMALISED_CHARS).toWellFormed()}…${hex(checksum(text.slice(NORMALISED_CHARS), rest))}`;
}

function* wordsOf(command: SimpleCommand, places: Places): Generator<string> {
  if (command.programPath !== '') yield programText(command, places);
  else yield command.assignments.map(({ name }) => `${name}=`).join(' ');
  for (const argument of command.arguments) yield ` ${normaliseWord(argument, places)}`;
  for (const { operator, fd, target } of command.redirections) {
    const isDefault = fd === (operator.startsWith('<') ? 0 : 1);
    yield ` ${isDefault ? '' : fd}${operator}${operator === '<<<' ? '' : normaliseWord(target, places)}`;
  }
}

/** The program by name where the system finds it, by templated path where somebody put it. */
function programText({ program, programPath }: SimpleCommand, places: Places): string {
  const isSystem = /^(?:\/usr(?:\/local)?)?\/s?bin\/[^/]+$|^\/opt\/homebrew\/bin\/[^/]+$/.test(
    programPath.slice(0, 512),
  );
  return isSystem || !programPath.includes('/') ? template(program) : normaliseWord(programPath, places);
}

function normaliseWord(word: string, places: Places): string {
  const isLong = word.length > ARGUMENT_CHARS;
  // Paths also follow `--file=`, `@` and `:`, but are not part of URLs.
  const templated = (isLong ? word.slice(0, ARGUMENT_CHARS).toWellFormed() : word)
    .split(/([\s=@,;'"()]+|[a-zA-Z][\w+.-]{0,30}:\/\/[^\s'",;()]*|:(?=[/~$]))/)
    .map((part) => (/^[/~]|^\$\{?HOME\b|^[A-Za-z]:\\/.test(part) ? templatePath(part, places) : part))
    .join('');
  return isLong ? `${template(templated)}…${hex(checksum(template(word)))}` : template(templated);
}

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
/** Hexadecimal ids hold a digit and a letter: `deadbeef` may be a word, `4fd54b1` is not. */
const HEX = /\b(?:0x)?(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,}\b/gi;
const NUMBER = /(?<![\w.])\d{6,}(?![\w])/g;

function template(text: string): string {
  return text.replace(UUID, '<uuid>').replace(HEX, '<hex>').replace(NUMBER, '<n>');
}

/** FNV-1a, 32 bits: distinguishes texts, and is not secure. */
function checksum(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

/**
 * The first program a line really runs: the first command that is not set-up (`cd`, `export`, `source`, …), those inside
 * substitutions only when nothing else is there; set-up itself when it is all there is.
 */
export function programOf(parsed: ParsedLine): { program: string; arguments: readonly string[] } | undefined {
  let fallback: SimpleCommand | undefined;
  let fallbackRank = 0;
  for (const { commands } of parsed.pipelines) {
    for (const command of commands) {
      if (command.program === '') continue;
      const isInner = command.origin === 'substitution' || command.origin === 'process-substitution';
      const rank = (isSetUpCommand(command) ? 0 : 2) + (isInner ? 1 : 2);
      if (rank === 4) return { program: command.program, arguments: command.arguments };
      if (rank > fallbackRank) {
        fallback = command;
        fallbackRank = rank;
      }
    }
  }
  return fallback && { program: fallback.program, arguments: fallback.arguments };
}
