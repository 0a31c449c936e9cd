/**
 * Compares our shell grammar with a second parser of bash, by the simple commands that each of them reads in a line.
 */
import { forEachChild, parse, type SyntaxNode, type Word as OtherWord } from 'unbash';
import { readShellText } from '../shell/syntax/grammar.ts';
import { createParseBudget } from '../shell/limits.ts';
import type { CommandNode, Script, Word } from '../shell/syntax/syntax.ts';

/**
 * Simple commands in source order, each with its words. A word is `*` when it is not plain text, or when the two
 * parsers spell it differently.
 */
export interface SimpleCommands {
  readonly commands: readonly (readonly string[])[];
  readonly isComplete: boolean;
}

const UNKNOWN = '*';

export function ourCommands(line: string): SimpleCommands {
  const budget = createParseBudget();
  const commands: { readonly start: number; readonly words: readonly string[] }[] = [];
  const ofScript = (script: Script): void => {
    for (const { members } of script) for (const member of members) ofCommand(member);
  };
  const ofWord = (word: Word): void => {
    for (const { body } of word.substitutions) ofScript(body);
  };
  const ofCommand = (node: CommandNode): void => {
    for (const { target, hereDocument } of node.redirections)
      for (const word of [target, hereDocument?.body]) if (word !== undefined) ofWord(word);
    for (const word of node.words) ofWord(word);
    if (node.kind === 'group') {
      ofScript(node.body);
      return;
    }
    for (const { words } of node.assignments) for (const word of words) ofWord(word);
    const name = node.words[0]?.text;
    // The second parser has separate nodes for these, and it does not count `time` before a simple command as a word.
    if (name === '[[' || name === '((') return;
    const words = name === 'time' ? node.words.slice(1) : node.words;
    commands.push({ start: node.start, words: words.map(ourText) });
  };
  ofScript(readShellText(line, { base: 0 }, budget, 0));
  commands.sort((a, b) => a.start - b.start);
  return { commands: commands.map(({ words }) => words), isComplete: budget.problems.length === 0 };
}

export function otherCommands(line: string): SimpleCommands {
  const commands: { readonly pos: number; readonly words: readonly string[] }[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command') {
      const words = [node.name, ...node.args].flatMap((word) => (word === undefined ? [] : [word]));
      commands.push({ pos: node.pos, words: words.map((word) => (word.type === 'Word' ? otherText(word) : UNKNOWN)) });
    }
    forEachChild(node, visit);
  };
  const script = parse(line);
  visit(script);
  commands.sort((a, b) => a.pos - b.pos);
  return { commands: commands.map(({ words }) => words), isComplete: (script.errors?.length ?? 0) === 0 };
}

/** The other parser does not expand braces and arrays in assignments, so these words are unknown here. */
function ourText({ text, opaque, valueAt }: Word): string {
  return opaque.length > 0 || valueAt !== undefined || /[{}]/.test(text) ? UNKNOWN : text;
}

function otherText({ value, parts }: OtherWord): string {
  const isPlain = (parts ?? []).every((part) =>
    part.type === 'DoubleQuoted' || part.type === 'LocaleString'
      ? part.parts.every(({ type }) => type === 'Literal')
      : ['Literal', 'SingleQuoted', 'AnsiCQuoted', 'Glob', 'ExtendedGlob'].includes(part.type),
  );
  return isPlain && !/[{}]/.test(value) ? value : UNKNOWN;
}

/**
 * Returns whether both parsers read the same commands with the same words; a word that either does not know matches
 * any. The second parser restarts its positions inside backticks, so commands that differ in source order may still
 * match in another order.
 */
export function agree(ours: SimpleCommands, other: SimpleCommands): boolean {
  const sorted = ({ commands }: SimpleCommands) => commands.toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  return alike(ours.commands, other.commands) || alike(sorted(ours), sorted(other));
}

function alike(ours: SimpleCommands['commands'], other: SimpleCommands['commands']): boolean {
  return (
    ours.length === other.length &&
    ours.every((words, at) => {
      const others = other[at] ?? [];
      return (
        words.length === others.length &&
        words.every((word, index) => word === others[index] || word === UNKNOWN || others[index] === UNKNOWN)
      );
    })
  );
}
