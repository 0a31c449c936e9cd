/** The scripts that `powershell -Command`, `powershell -EncodedCommand` and `cmd /c` are given. */
import { decodeBase64, utf16Text } from '../base64.ts';
import { joinWords, suffixOf } from './options.ts';
import { literalWord, type Word } from '../syntax/syntax.ts';

/** Options of powershell.exe and pwsh; any unambiguous beginning of a name works (about_PowerShell_exe, about_Pwsh). */
const WITH_VALUE = [
  'executionpolicy',
  'ep',
  'windowstyle',
  'inputformat',
  'outputformat',
  'version',
  'psconsolefile',
  'configurationname',
  'configurationfile',
  'workingdirectory',
  'wd',
  'settingsfile',
  'custompipename',
];

/** The script and the option that gave it; undefined for a file, an interactive shell or an encoding that is none. */
export function powerShellScript(words: readonly Word[]): { script: Word; option: string } | undefined {
  for (let at = 1; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) return undefined;
    if (!/^[-/][A-Za-z]/.test(word.text)) {
      // Without an option the words are the command; a script file is a program's argument like any other.
      return /\.ps1$/i.test(word.text) || word.text === '-' ? undefined : scriptFrom(words, at, '-Command');
    }
    const name = word.text.slice(1).toLowerCase();
    if ('command'.startsWith(name) || name === 'commandwithargs' || name === 'cwa')
      return scriptFrom(words, at + 1, '-Command');
    if ('encodedcommand'.startsWith(name) || name === 'ec') return encoded(words[at + 1]);
    if ('file'.startsWith(name)) return undefined;
    if (WITH_VALUE.some((option) => option.startsWith(name))) at += 1;
  }
  return undefined;
}

function scriptFrom(words: readonly Word[], at: number, option: string): { script: Word; option: string } | undefined {
  const script = joinWords(words.slice(at));
  return script === undefined || script.text === '-' ? undefined : { script, option };
}

function encoded(word: Word | undefined): { script: Word; option: string } | undefined {
  const bytes = word === undefined ? undefined : decodeBase64(word.text);
  if (word === undefined || bytes === undefined || bytes.length < 2) return undefined;
  return { script: literalWord(utf16Text(bytes), word.start, word.end, true), option: '-EncodedCommand' };
}

/** What follows `/c`, `/k` or `/r`, after other switches. */
export function windowsShellScript(words: readonly Word[]): Word | undefined {
  for (let at = 1; at < words.length; at++) {
    const word = words[at];
    if (word === undefined || !word.text.startsWith('/')) return undefined;
    const match = /^\/{1,2}(?:[adefqsuvADEFQSUV](?::\w{1,5})?\/)*[ckrCKR]/.exec(word.text.slice(0, 64));
    if (match === null) continue;
    const attached = suffixOf(word, match[0].length);
    const rest = attached.text === '' ? words.slice(at + 1) : [attached, ...words.slice(at + 1)];
    // One word is the command without its quotes; among several, cmd reads the quotes again.
    return joinWords(rest.length === 1 ? rest : rest.map(quotedAgain));
  }
  return undefined;
}

function quotedAgain(word: Word): Word {
  if (!word.quoted || !/[\s&|<>]/.test(word.text)) return word;
  return {
    ...word,
    text: `"${word.text}"`,
    opaque: word.opaque.map(({ start, end }) => ({ start: start + 1, end: end + 1 })),
  };
}
