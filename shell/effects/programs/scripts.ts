/** Interpreters with the script that they run. What the script does by itself is not in the line. */
import { forNames, type Programs, type ProgramReader } from '../call.ts';
import type { Findings } from '../findings.ts';

interface Interpreter {
  /** Options of one letter with a value. */
  readonly valued: string;
  /** Options that hold the code themselves, or name a module: there is no script. */
  readonly inline: RegExp;
  /** Long options with a value in the next word. */
  readonly long?: RegExp;
  /** The command that precedes the script. */
  readonly verb?: RegExp;
}

const INTERPRETERS: Readonly<Record<string, Interpreter>> = {
  'bash sh zsh dash ksh ash mksh': { valued: 'oO', inline: /^-[a-z]*[cs]/i, long: /^--(?:rcfile|init-file)$/ },
  'node nodejs': {
    valued: 'rC',
    inline: /^(?:-[ep]|-pe|--eval|--print|--test|--run)/,
    long: /^--(?:require|import|loader|experimental-loader|conditions|env-file|title)$/,
  },
  'python python2 python3': { valued: 'WX', inline: /^-[a-zA-Z]*[cm]/ },
  ruby: { valued: 'rIEC', inline: /^-[a-z]*e/i },
  php: { valued: 'dczS', inline: /^-(?:r|R|B|E|S|m|i|v)/ },
  lua: { valued: 'l', inline: /^-e/ },
  'deno bun': { valued: 'cr', inline: /^(?:-e|--eval)/, long: /^--(?:config|import-map|preload)$/, verb: /^run$/ },
};

export const SCRIPTS: Programs = Object.fromEntries(
  Object.entries(INTERPRETERS).flatMap(([names, interpreter]) =>
    Object.entries(forNames(names, runsScript(interpreter))),
  ),
);

function runsScript(interpreter: Interpreter): ProgramReader {
  return ({ arguments: words }, to) => {
    reportScript(interpreter, words, to);
  };
}

function reportScript({ valued, inline, long, verb }: Interpreter, words: readonly string[], to: Findings): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const isOption = word.length > 1 && word.startsWith('-');
    if (isOption && word !== '--') {
      if (inline.test(word)) return;
      const takesNext = word.startsWith('--')
        ? long?.test(word) === true
        : valued.includes(word.charAt(word.length - 1));
      if (takesNext) at += 1;
      continue;
    }
    const script = word === '--' ? (words[at + 1] ?? '') : word;
    // `bun install` and `deno test` name no script.
    if (verb !== undefined && !verb.test(script) && !/[./]/.test(script)) return;
    if (verb?.test(script) === true) continue;
    to.file('read', script, 'script');
    return;
  }
}
