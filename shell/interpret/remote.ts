/** Programs that run commands elsewhere or for each finding, and are worth seeing themselves: ssh, docker, find, tmux, … */
import { joinWords, readOptions, type OptionSpec } from './options.ts';
import type { Dialect, Word } from '../syntax/syntax.ts';

/** A command, given as words, or a script that runs as well. */
export type Inner =
  | { readonly label: string; readonly words: readonly Word[] }
  | { readonly label: string; readonly script: Word; readonly dialect: Dialect };

/** The commands `words` hand on, none for programs that hand on nothing. */
export function alsoRuns(name: string, words: readonly Word[]): readonly Inner[] {
  switch (name) {
    case 'ssh':
    case 'mosh':
      return ssh(name, words);
    case 'find':
    case 'gfind':
      return find(words);
    case 'fd':
    case 'fdfind':
      return findWithFd(name, words);
    case 'docker':
    case 'podman':
    case 'nerdctl':
    case 'docker-compose':
    case 'podman-compose':
      return container(name, words);
    case 'kubectl':
    case 'oc':
      return pod(name, words);
    case 'tmux':
      return tmux(words);
    case 'screen':
      return screen(words);
    case 'trap':
      return trap(words);
    default:
      return [];
  }
}

function asScript(label: string, script: Word | undefined): readonly Inner[] {
  return script === undefined ? [] : [{ label, script, dialect: 'posix' }];
}

function asWords(label: string, words: readonly Word[]): readonly Inner[] {
  return words.length === 0 ? [] : [{ label, words }];
}

/** A label with the name of the other machine or container, where the line names it. */
function labelOf(name: string, target: Word | undefined): string {
  return target === undefined || target.text === '' ? name : `${name} ${target.text.slice(0, 256)}`;
}

function ssh(name: string, words: readonly Word[]): readonly Inner[] {
  const options = readOptions(words, 1, { short: 'BbcDEeFIiJLlmOopQRSWwP' });
  // Options may also follow the host.
  const rest = readOptions(words, options.at + 1, { short: 'BbcDEeFIiJLlmOopQRSWwP' });
  return asScript(labelOf(name, words[options.at]), joinWords(words.slice(rest.at)));
}

const FIND_ACTIONS = new Set(['-exec', '-execdir', '-ok', '-okdir']);

function find(words: readonly Word[]): readonly Inner[] {
  const inner: Inner[] = [];
  for (let at = 1; at < words.length; at++) {
    const action = words[at]?.text ?? '';
    if (!FIND_ACTIONS.has(action)) continue;
    let end = at + 1;
    while (end < words.length && words[end]?.text !== ';' && !endsWithPlus(words, end)) end += 1;
    inner.push(...asWords(`find ${action}`, words.slice(at + 1, end)));
    at = end;
  }
  return inner;
}

/** `{} +` ends the command; a `+` elsewhere is an argument. */
function endsWithPlus(words: readonly Word[], at: number): boolean {
  return words[at]?.text === '+' && words[at - 1]?.text === '{}';
}

function findWithFd(name: string, words: readonly Word[]): readonly Inner[] {
  const at = words.findIndex((word) => /^(?:-x|-X|--exec|--exec-batch)$/.test(word.text));
  if (at < 0) return [];
  const end = words.findIndex((word, index) => index > at && word.text === ';');
  return asWords(`${name} -x`, words.slice(at + 1, end < 0 ? undefined : end));
}

/** Flags of docker, podman and compose without a value; every other option has one. */
const CONTAINER: OptionSpec = {
  short: 'evuwpnlahmcHf',
  flags: [
    'rm',
    'detach',
    'interactive',
    'tty',
    'privileged',
    'init',
    'read-only',
    'publish-all',
    'no-healthcheck',
    'quiet',
    'oom-kill-disable',
    'sig-proxy',
    'no-deps',
    'service-ports',
    'use-aliases',
    'no-TTY',
    'build',
    'replace',
    'debug',
    'tls',
    'tlsverify',
    'remove-orphans',
    'quiet-pull',
    'latest',
    'all-resources',
    'compatibility',
    'dry-run',
    'verbose',
  ],
};

function container(name: string, words: readonly Word[]): readonly Inner[] {
  let at = readOptions(words, 1, CONTAINER).at;
  if (words[at]?.text === 'compose') at = readOptions(words, at + 1, CONTAINER).at;
  if (words[at]?.text === 'container') at += 1;
  const action = words[at]?.text;
  if (action !== 'exec' && action !== 'run') return [];
  const options = readOptions(words, at + 1, CONTAINER);
  const entrypoint = options.values.get('entrypoint');
  const rest = words.slice(options.at + 1);
  const command = entrypoint === undefined || entrypoint.text === '' ? rest : [entrypoint, ...rest];
  return asWords(labelOf(`${name} ${action}`, words[options.at]), command);
}

const POD: OptionSpec = {
  short: 'cnfl',
  flags: [
    'stdin',
    'tty',
    'quiet',
    'rm',
    'attach',
    'command',
    'privileged',
    'expose',
    'leave-stdin-open',
    'insecure-skip-tls-verify',
  ],
};

/** `kubectl exec POD -- command`; the dashes may be missing in old scripts. */
function pod(name: string, words: readonly Word[]): readonly Inner[] {
  const at = readOptions(words, 1, POD).at;
  const action = words[at]?.text;
  if (action !== 'exec' && action !== 'run' && action !== 'debug') return [];
  const target = readOptions(words, at + 1, POD).at;
  const dashes = words.findIndex((word, index) => index > at && word.text === '--');
  const rest = dashes >= 0 ? dashes + 1 : action === 'exec' ? readOptions(words, target + 1, POD).at : words.length;
  return asWords(labelOf(`${name} ${action}`, words[target]), words.slice(rest));
}

const TMUX_RUNS =
  /^(?:new-session|new|new-window|neww|split-window|splitw|respawn-pane|respawnp|respawn-window|run-shell|run|display-popup|popup)$/;
const TMUX_KEYS = /^(?:Enter|KPEnter|Space|Tab|BSpace|Escape|Up|Down|Left|Right|[CMS]-.+|\^.)$/;

function tmux(words: readonly Word[]): readonly Inner[] {
  const at = readOptions(words, 1, { short: 'cfLSTt' }).at;
  const action = words[at]?.text ?? '';
  if (action === 'send-keys' || action === 'send') {
    const keys = readOptions(words, at + 1, { short: 'tNc' });
    const typed = words.slice(keys.at).filter((word) => !TMUX_KEYS.test(word.text));
    return asScript('tmux', joinWords(typed));
  }
  if (!TMUX_RUNS.test(action)) return [];
  const options = readOptions(words, at + 1, { short: 'ceFfnstxylhwT' });
  return asScript('tmux', joinWords(words.slice(options.at)));
}

function screen(words: readonly Word[]): readonly Inner[] {
  const options = readOptions(words, 1, { short: 'ScehpstT' });
  const rest = words.slice(options.at);
  if (!options.flags.has('X')) return asWords('screen', rest);
  const [action, typed] = rest;
  if (action?.text !== 'stuff' || typed === undefined)
    return action?.text === 'exec' ? asWords('screen', rest.slice(1)) : [];
  return asScript('screen', { ...typed, text: typed.text.replace(/(?:\\n|\\r|\^M|[\r\n])+$/, '') });
}

/** The action of `trap` is a script that runs later. */
function trap(words: readonly Word[]): readonly Inner[] {
  const { at, flags } = readOptions(words, 1, {});
  const [action, signal] = words.slice(at);
  if (flags.size > 0 || action === undefined || signal === undefined || action.text === '-') return [];
  return asScript('trap', action);
}
