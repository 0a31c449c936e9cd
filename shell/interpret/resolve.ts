/** Replaces words by what they are known to expand to, where that decides which program runs. */
import type { Built, Result } from './runs.ts';
import { literalWord, type Span, type Substitution, type Word } from '../syntax/syntax.ts';

/** What the substitutions of a command run. */
export type Known = ReadonlyMap<Substitution, Result>;

/** A program name is short; what is longer is data. */
const NAME_CHARS = 4_096;

/** Variables that the line itself gave one value, by name; `null` where their value is not known. */
export type Variables = Map<string, Word | null>;

/** Records `name=value`; a second, different value makes the variable unknown. */
export function assign(variables: Variables, name: string, value: Word | undefined, known: Known): void {
  const resolved = value && (locatedWord(value, known) ?? resolveText(value, known));
  const before = variables.get(name);
  const isNew = before === undefined || before?.text === resolved?.text;
  variables.set(name, isNew && resolved?.opaque.length === 0 ? resolved : null);
}

/** Exactly `$name` or `${name}`. */
const VARIABLE = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})$/;

function variableOf(word: Word, variables: Variables): Word | undefined {
  const [span] = word.opaque;
  if (span?.start !== 0 || span.end !== word.text.length || word.text.length > 256) return undefined;
  const match = VARIABLE.exec(word.text);
  return variables.get(match?.[1] ?? match?.[2] ?? '') ?? undefined;
}

/** Whether nothing of the word can be read before it runs. */
export function isWhollyUnknown(word: Word): boolean {
  if (word.text.trim() === '') return true;
  let from = 0;
  for (const span of word.opaque) {
    if (word.text.slice(from, span.start).trim() !== '') return false;
    from = span.end;
  }
  return word.opaque.length > 0 && word.text.slice(from).trim() === '';
}

/** The one substitution that the word consists of. */
function onlySubstitution(word: Word): Substitution | undefined {
  const [span] = word.opaque;
  const [substitution] = word.substitutions;
  const isWhole = span?.start === 0 && span.end === word.text.length && word.substitutions.length === 1;
  return isWhole && substitution?.kind === 'command' ? substitution : undefined;
}

function knownOutput(substitution: Substitution | undefined, known: Known): Word | undefined {
  const runs = substitution === undefined ? undefined : known.get(substitution)?.main;
  return runs?.length === 1 ? runs[0]?.commands.at(-1)?.output : undefined;
}

/** `"$(echo text)"` is `text`, a variable its value where the line says it; any other word stays as it is. */
export function resolveText(word: Word, known: Known, variables?: Variables): Word {
  const output = knownOutput(onlySubstitution(word), known) ?? (variables && variableOf(word, variables));
  return output === undefined ? word : { ...output, text: output.text.replace(/\n+$/, '') };
}

/** Words whose program can be read: `$(echo curl) x` is `curl x`, `$(which python) f` is `python f`, `w$@hoami` is `whoami`. */
export function resolveProgram(words: readonly Word[], known: Known, variables: Variables): readonly Word[] {
  const [head] = words;
  if (head === undefined || head.opaque.length === 0) return words;
  const located = locatedWord(head, known);
  if (located !== undefined) return [located, ...words.slice(1)];
  const text = resolveText(head, known, variables);
  if (text === head) {
    const folded = withKnownOutputs(withoutEmptyParameters(head), known);
    return folded === head ? words : [folded, ...words.slice(1)];
  }
  if (text.opaque.length > 0 || text.text.length > NAME_CHARS) return words;
  const fields = head.quoted ? [text.text] : text.text.split(/\s+/).filter((field) => field !== '');
  return [...fields.map((field) => literalWord(field, head.start, head.end)), ...words.slice(1)];
}

/** `$(echo cu)rl`: substitutions of known output inside a name. */
function withKnownOutputs(head: Word, known: Known): Word {
  const isSubstitution = (span: Span): boolean => /^(?:`|\$\((?!\())/.test(head.text.slice(span.start, span.start + 3));
  const written = head.opaque.filter(isSubstitution);
  if (head.text.length > NAME_CHARS || written.length === 0 || written.length !== head.substitutions.length)
    return head;
  let text = '';
  let from = 0;
  const opaque: Span[] = [];
  for (const span of head.opaque) {
    text += head.text.slice(from, span.start);
    from = span.end;
    const at = written.indexOf(span);
    const output = at < 0 ? undefined : knownOutput(head.substitutions[at], known);
    const isPlain = output?.opaque.length === 0 && /^\S*$/.test(output.text.trimEnd());
    const piece = isPlain ? output.text.trimEnd() : head.text.slice(span.start, span.end);
    if (!isPlain) opaque.push({ start: text.length, end: text.length + piece.length });
    text += piece;
  }
  return { ...head, text: text + head.text.slice(from), opaque };
}

/** The program that `$(which x)`, `$(command -v x)` or `$(type -p x)` finds; of several searches the first. */
function locatedWord(word: Word, known: Known): Word | undefined {
  const substitution = onlySubstitution(word);
  const runs = (substitution === undefined ? undefined : known.get(substitution)?.main) ?? [];
  const names = runs.map(({ commands }) => (commands.length === 1 ? soughtName(commands[0]) : undefined));
  const [first] = names;
  return first === undefined || names.includes(undefined) ? undefined : literalWord(first, word.start, word.end);
}

function soughtName(built: Built | undefined): string | undefined {
  if (built === undefined) return undefined;
  const { program, arguments: words } = built.base;
  const names = words.filter((argument) => !argument.startsWith('-'));
  const isSearch =
    program === 'which' ||
    (program === 'command' && words[0] === '-v') ||
    (program === 'type' && /^-[pP]$/.test(words[0] ?? ''));
  return isSearch && names.length === 1 ? names[0] : undefined;
}

/** Positional parameters are empty in a command line, so they only disguise a name: `c$@url`, `w$9hoami`. */
function withoutEmptyParameters(head: Word): Word {
  if (head.text.length > NAME_CHARS) return head;
  let text = '';
  let from = 0;
  for (const span of head.opaque) {
    const written = head.text.slice(span.start, span.end);
    const isEmpty =
      /^\$(?:\{[@*]\}|[@*])$/.test(written) || /^\$[1-9][A-Za-z]/.test(head.text.slice(span.start, span.start + 3));
    if (!isEmpty) return head;
    text += head.text.slice(from, span.start);
    from = span.end;
  }
  text += head.text.slice(from);
  return text === '' ? head : { ...head, text, opaque: [] };
}
