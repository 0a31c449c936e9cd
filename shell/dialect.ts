/** Decides which shell a line was written for, by its shape: POSIX unless it clearly is PowerShell's or cmd's. */
import type { Dialect } from './syntax/syntax.ts';

/** Enough to know a line by; longer beginnings are data. */
const HEAD = 4_096;

/** Approved verbs that agents and attackers use (Get-Verb), so that `git-lfs` or `apt-get` do not pass for cmdlets. */
const VERB =
  'Add|Clear|Close|Compare|Compress|Convert|ConvertFrom|ConvertTo|Copy|Disable|Disconnect|Enable|Enter|Exit|Expand|Export|Find|ForEach|Format|Get|Import|Install|Invoke|Join|Measure|Mount|Move|New|Open|Out|Pop|Push|Read|Receive|Register|Remove|Rename|Reset|Resolve|Restart|Restore|Save|Select|Send|Set|Show|Sort|Split|Start|Stop|Suspend|Tee|Test|Trace|Unblock|Uninstall|Unregister|Update|Wait|Where|Write';

/** A cmdlet where a command begins, in the first line and before any quote: here-documents and arguments hold others'. */
const CMDLET = new RegExp(`^(?:[^'"\\n]*[;|&({=])?[ \\t]*(?:${VERB})-[A-Z][A-Za-z]+(?=[\\s;|)}(]|$)`);

const POWERSHELL_SHELL = /^\s*&?\s*["']?(?:[^\s"']*[\\/])?(?:powershell|pwsh)(?:\.exe)?["']?(?=\s|$)/i;
const CMD_SHELL = /^\s*["']?(?:(?:[^\s"']*[\\/])?cmd(?:\.exe)?|%comspec%)["']?\s+\/{1,2}[a-z]/i;

const POWERSHELL_SHAPES = [
  CMDLET,
  /^\s*\$(?:env:|[A-Za-z_]\w*(?::\w+)?[ \t]*=[ \t]*\S)/,
  /^\s*\[[A-Za-z][\w.]*\]::/,
  /^\s*(?:iex|iwr|irm|Invoke-\w+)\b[\s(]/i,
  /^\s*[.&]\s+["']?(?:[A-Za-z]:|\.{1,2})\\/,
  /^\s*\.{1,2}\\[\w.\\-]+/,
];

const CMD_SHAPES = [
  /^\s*@?echo off\b/i,
  /^\s*["']?[A-Za-z]:\\/,
  /^\s*["']?\\\\[\w.-]+\\\w/,
  /%(?:APPDATA|LOCALAPPDATA|TEMP|TMP|USERPROFILE|COMSPEC|SYSTEMROOT|SYSTEMDRIVE|WINDIR|PROGRAMFILES(?:\(x86\))?|PROGRAMDATA|USERNAME|USERDOMAIN|COMPUTERNAME|HOMEDRIVE|HOMEPATH|PUBLIC|ALLUSERSPROFILE|CD|ERRORLEVEL)(?::[^%\s]*)?%/i,
  /^\s*(?:dir|copy|xcopy|move|del|erase|rd|rmdir|md|type|ren|attrib|if (?:not )?exist|for \/[a-z]|set \/[ap]|start|call|reg|schtasks|icacls|wmic|tasklist|taskkill|robocopy)\s+(?:\/[a-z?]+\s+)*["']?(?:[A-Za-z]:\\|\.{1,2}\\|[\w.-]+\\[\w.-]|%)/i,
  /^\s*(?:dir|del|rd|rmdir|xcopy|tasklist|taskkill|schtasks|reg|icacls|wmic)\s+(?:\S+\s+)*\/[a-z]{1,2}(?:\s|$)/i,
];

export interface Recognised {
  readonly dialect: Dialect;
  /** The line calls that shell by name, so its quoting may be that of either shell. */
  readonly byName: boolean;
}

export function recognise(line: string): Recognised {
  const head = line.slice(0, HEAD);
  if (POWERSHELL_SHELL.test(head) && /\s[-/]\w|\s["'{]/.test(head)) return { dialect: 'powershell', byName: true };
  if (CMD_SHELL.test(head)) return { dialect: 'cmd', byName: true };
  if (head.startsWith('#!')) return { dialect: 'posix', byName: false };
  // Backticks inside a name hide it: I`nvoke-Expression.
  const bare = head.replace(/([A-Za-z-])`(?=[A-Za-z-])/g, '$1');
  if (POWERSHELL_SHAPES.some((shape) => shape.test(head)) || CMDLET.test(bare))
    return { dialect: 'powershell', byName: false };
  if (CMD_SHAPES.some((shape) => shape.test(head))) return { dialect: 'cmd', byName: false };
  return { dialect: 'posix', byName: false };
}
