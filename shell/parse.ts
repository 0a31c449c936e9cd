/**
 * Says what a shell line really does.
 *
 * Four steps, one file each: `grammar.ts` (with `words.ts`, `quotes.ts`, `expansions.ts`, `compound.ts`, `simple-command.ts`,
 * `here-document.ts`) reads POSIX and bash text into the tree of `syntax.ts`; `windows-grammar.ts` splits PowerShell and cmd
 * into the same tree; `interpret.ts` walks it, opens wrappers (`invocation.ts`, `remote.ts`), parses the scripts inside them
 * and follows data through pipes; this file recognises the language and hands out the result.
 *
 * Lines are hostile. Nothing is run or looked up, no input throws, nesting never reaches the stack's depth, and the work is
 * linear in the line's length up to fixed bounds (`limits.ts`). What could not be parsed is named in `problems` and what was
 * understood is kept: an unparsable line is itself a fact.
 */
import { recognise } from './dialect.ts';
import { readShellText } from './syntax/grammar.ts';
import { interpret } from './interpret/interpret.ts';
import { createParseBudget, LIMITS, reachLimit, type ParseBudget } from './limits.ts';
import type { ParsedLine, SimpleCommand } from './parsed.ts';
import type { Built } from './interpret/runs.ts';
import { readWindowsText } from './windows/grammar.ts';

/** Parses one command line, of at most 1 MiB; what is beyond is not read and makes the result `partial`. */
export function parseCommandLine(line: string): ParsedLine {
  return parseWithBudget(line, createParseBudget());
}

/** The same, with the work counted in `budget`. */
export function parseWithBudget(line: string, budget: ParseBudget): ParsedLine {
  const text = line.length > LIMITS.inputChars ? line.slice(0, LIMITS.inputChars) : line;
  if (text !== line) reachLimit(budget, `${LIMITS.inputChars} characters`, LIMITS.inputChars);
  const { dialect, byName } = recognise(text);
  const place = { base: 0 };
  const script =
    dialect === 'posix'
      ? readShellText(text, place, budget, 0)
      : readWindowsText({ text, dialect, place, budget, depth: 0, singleQuotes: dialect === 'powershell' || byName });
  const { runs, flows } = interpret(script, budget);
  const commands = new Map<Built, SimpleCommand>();
  const commandOf = (built: Built): SimpleCommand => {
    const made = commands.get(built) ?? finish(built);
    commands.set(built, made);
    return made;
  };
  const problems = budget.unlisted === 0 ? budget.problems : [...budget.problems, `and ${budget.unlisted} more`];
  return {
    pipelines: runs.map((run) => ({ commands: run.commands.map(commandOf), background: run.background })),
    flows: flows.map((path) => ({ commands: path.map(commandOf), background: false })),
    parse: problems.length === 0 ? 'complete' : 'partial',
    shell: dialect,
    problems,
  };
}

function finish({ base, assignments, redirections, input }: Built): SimpleCommand {
  return { ...base, assignments, redirections, ...(input === undefined ? {} : { input }) };
}
