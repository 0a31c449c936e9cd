/** Tools of any agent that run a shell line, and how to read the line from their arguments. */
import { firstOf } from '../../schemas/otlp/attributes.ts';
import type { AnyValue, Attributes } from '../../schemas/otlp/record.ts';

const SHELL_TOOLS = new Set([
  'bash',
  'shell',
  'sh',
  'zsh',
  'terminal',
  'exec_command',
  'shell_command',
  'local_shell',
  'run_shell_command',
  'execute_command',
  'run_command',
  'run_terminal_cmd',
  'run_in_terminal',
  'execute_shell',
  'powershell',
]);

/** Whether a tool of this name runs shell lines (`Bash`, `exec_command`, `run_shell_command`, …). */
export function isShellTool(name: string): boolean {
  return SHELL_TOOLS.has(name.toLowerCase());
}

const LINE_KEYS = ['command', 'cmd', 'command_line', 'commandLine', 'script'] as const;

/** A shell tool's line, and the argument that contained it. */
export function commandOf(args: Attributes): { readonly line: string; readonly key: string } | undefined {
  for (const key of LINE_KEYS) {
    const line = lineOf(firstOf(args, key));
    if (line !== undefined) return { line, key };
  }
  return undefined;
}

const SHELLS = /(?:^|[\\/])(?:ba|z|da|k|fi)?sh(?:\.exe)?$/i;
const RUN_FLAG = /^-[a-z]{0,4}c$/;

/** A line as text, or as an argument list: `["bash", "-lc", "ls"]` is the line `ls`, any other list is quoted into one. */
export function lineOf(value: AnyValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (!Array.isArray(value)) return undefined;
  const words = (value as readonly AnyValue[]).filter((word) => typeof word === 'string');
  const [program, flag, script] = words;
  if (
    words.length === 3 &&
    program !== undefined &&
    flag !== undefined &&
    SHELLS.test(program) &&
    RUN_FLAG.test(flag)
  ) {
    return script === '' ? undefined : script;
  }
  return words.length === 0 ? undefined : words.map(quoted).join(' ');
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
