/** Programs that run the command after their own options, and the form of those options (from their manual pages). */
import type { OptionSpec } from './options.ts';

export interface WrapperSpec extends OptionSpec {
  /** Words between the options and the command: the duration of `timeout`, the user of `gosu`. */
  readonly operands?: number;
  /** `NAME=value` words precede the command. */
  readonly assignments?: boolean;
  /** With one of these flags nothing is run: `command -v`, `sudo -l`. */
  readonly inert?: readonly string[];
}

export const WRAPPERS: ReadonlyMap<string, WrapperSpec> = new Map<string, WrapperSpec>([
  [
    'sudo',
    {
      short: 'ughpCrtTUDRa',
      long: [
        'user',
        'group',
        'host',
        'prompt',
        'close-from',
        'role',
        'type',
        'command-timeout',
        'other-user',
        'chdir',
        'chroot',
      ],
      assignments: true,
      inert: ['l', 'list', 'v', 'validate', 'e', 'edit', 'K', 'remove-timestamp', 'V', 'version'],
    },
  ],
  ['doas', { short: 'uC', inert: ['L'] }],
  ['pkexec', { long: ['user'] }],
  ['gosu', { operands: 1 }],
  ['su-exec', { operands: 1 }],
  ['setpriv', {}],
  ['fakeroot', { short: 'lsib', long: ['lib', 'faked'] }],
  ['nohup', {}],
  ['nice', { short: 'n', long: ['adjustment'] }],
  ['ionice', { short: 'cnpPu', long: ['class', 'classdata', 'pid', 'pgid', 'uid'] }],
  ['chrt', { short: 'TPD', operands: 1, inert: ['p', 'pid', 'm', 'max'] }],
  ['taskset', { operands: 1, inert: ['p', 'pid'] }],
  ['stdbuf', { short: 'ioe', long: ['input', 'output', 'error'] }],
  ['unbuffer', {}],
  ['setsid', {}],
  ['setarch', { operands: 1 }],
  ['arch', { short: 'de' }],
  ['timeout', { short: 'sk', long: ['signal', 'kill-after'], operands: 1 }],
  ['gtimeout', { short: 'sk', long: ['signal', 'kill-after'], operands: 1 }],
  ['time', { short: 'fo', long: ['format', 'output'] }],
  ['command', { inert: ['v', 'V'] }],
  ['builtin', {}],
  ['noglob', {}],
  ['exec', { short: 'a' }],
  [
    'xargs',
    {
      short: 'IdEnPLsaJRS',
      long: ['replace', 'delimiter', 'max-args', 'max-procs', 'max-lines', 'max-chars', 'arg-file', 'process-slot-var'],
    },
  ],
  ['strace', { short: 'aeEIoOpPsSubUX', long: ['trace', 'attach', 'output', 'user', 'string-limit'] }],
  ['ltrace', { short: 'aAeFlnopsuwxX', long: ['output'] }],
  ['unshare', { short: 'SGRw', long: ['setuid', 'setgid', 'root', 'wd', 'propagation', 'setgroups'] }],
  ['chroot', { operands: 1, long: ['userspec', 'groups'] }],
  ['nsenter', { short: 'tSG', long: ['target', 'setuid', 'setgid'] }],
  ['xvfb-run', { short: 'nsefpw', long: ['server-num', 'server-args', 'error-file', 'auth-file'] }],
  ['dbus-run-session', { long: ['config-file', 'dbus-daemon'] }],
  [
    'systemd-run',
    {
      short: 'upEMHGtd',
      long: [
        'unit',
        'on-calendar',
        'on-active',
        'on-boot',
        'on-startup',
        'on-unit-active',
        'on-unit-inactive',
        'timer-property',
        'working-directory',
        'service-type',
        'nice',
        'property',
        'setenv',
        'machine',
        'host',
        'uid',
        'gid',
        'slice',
        'description',
      ],
    },
  ],
  ['proxychains', { short: 'f' }],
  ['proxychains4', { short: 'f' }],
  ['sshpass', { short: 'pfdPe' }],
  ['torsocks', {}],
  ['torify', {}],
  ['tini', { short: 'pe' }],
  ['dumb-init', {}],
  ['caffeinate', { short: 'tw' }],
  ['valgrind', {}],
  ['busybox', { inert: ['list', 'help', 'install'] }],
  ['toybox', { inert: ['list', 'help', 'long'] }],
  ['wsl', { short: 'du', long: ['distribution', 'user', 'cd'], inert: ['l', 'list'] }],
]);

/** Shells that run the script given with `-c`, or else read one from standard input. */
export const SHELLS: ReadonlySet<string> = new Set([
  'sh',
  'bash',
  'dash',
  'zsh',
  'ksh',
  'ksh93',
  'mksh',
  'ash',
  'fish',
  'rbash',
  'csh',
  'tcsh',
  '-sh',
  '-bash',
  '-zsh',
]);

/** Programs that run code given in an argument after `-c` or `-e`, or in a file. */
export const INTERPRETERS =
  /^(?:python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|deno|bun|php[\d.]*|lua[\d.]*|osascript|pwsh|powershell)$/;
