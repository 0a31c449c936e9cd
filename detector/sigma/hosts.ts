/** Hosts named by a command's words, in one form: lower case, no final dot, IPv4 dotted however it was written. */
import { canonicalIpv4 } from './values/address.ts';

/** Longest DNS name. */
const MAX_HOST = 253;
/** Words looked at per command, and hosts found in one. */
const MAX_WORDS = 256;
const MAX_HOSTS = 32;
const MAX_WORD = 65_536;

/** Programs whose arguments may be a host without a scheme. */
const BARE_HOSTS = new Set([
  'curl',
  'wget',
  'http',
  'https',
  'xh',
  'aria2c',
  'nc',
  'ncat',
  'netcat',
  'telnet',
  'ssh',
  'sftp',
  'scp',
  'rsync',
  'ftp',
  'ping',
  'dig',
  'nslookup',
  'host',
  'socat',
  'openssl',
  'invoke-webrequest',
  'invoke-restmethod',
  'iwr',
  'irm',
]);

/** Programs that connect to the addresses they are given. */
const CONNECTING = new Set([
  ...BARE_HOSTS,
  'git',
  'lynx',
  'w3m',
  'links',
  'axel',
  'websocat',
  'grpcurl',
  'tftp',
  'lftp',
  'ngrok',
  'rclone',
]);
/** Only these of Git's commands do. */
const GIT_CONNECTING = new Set(['clone', 'fetch', 'pull', 'push', 'ls-remote', 'submodule', 'archive']);

/** One host in its common form; undefined for text that is no host name or address. */
export function canonicalHost(host: string): string | undefined {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (bare === '' || bare.length > MAX_HOST) return undefined;
  const address = canonicalIpv4(bare);
  if (address !== undefined) return address;
  if (bare.includes(':')) return /^[0-9a-f:.%]+$/.test(bare) ? bare : undefined;
  return /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?$/u.test(bare) ? bare : undefined;
}

/** Every host that stands in the words as `scheme://host`, and for network tools also bare and as `/dev/tcp/host/port`. */
export function hostsIn(program: string, words: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (host: string | undefined) => {
    const known = host === undefined ? undefined : canonicalHost(host);
    if (known !== undefined && found.size < MAX_HOSTS) found.add(known);
  };
  for (const word of words.slice(0, MAX_WORDS)) {
    if (word.length > MAX_WORD) continue;
    for (let at = word.indexOf('://'); at >= 0; at = word.indexOf('://', at + 3)) add(authorityAt(word, at + 3));
    const device = /^\/dev\/(?:tcp|udp)\/([^/]{1,253})\/\d/.exec(word)?.[1];
    if (device !== undefined) add(device);
    else if (BARE_HOSTS.has(program) && !word.includes('://')) add(bareHost(word));
  }
  return [...found];
}

/** Whether a command of this program and these arguments connects to what it names, rather than only mentioning it. */
export function isConnecting(program: string, args: readonly string[]): boolean {
  if (program !== 'git') return CONNECTING.has(program);
  return args.some((word) => GIT_CONNECTING.has(word));
}

function authorityAt(word: string, start: number): string | undefined {
  const authority = /^[^\s/?#'"`<>|;,(){}\\]{1,512}/.exec(word.slice(start, start + 512))?.[0];
  if (authority === undefined) return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:\d*$/, '');
}

/** `host`, `host:port`, `user@host:path`, `host/path`; a plain word without a dot is rather a file or a flag's value. */
function bareHost(word: string): string | undefined {
  const address = /^(?:TCP4?|TCP-CONNECT|OPENSSL|UDP):/i.exec(word);
  const text = address === null ? word : word.slice(address[0].length);
  const host = /^(?:[\w.-]{1,64}@)?(\[[0-9a-f:.]{2,45}\]|[\p{L}\p{N}_.-]{1,253})(?=[:/?,]|$)/u.exec(text)?.[1];
  if (host === undefined || host.startsWith('-')) return undefined;
  const named = word.includes('@') || address !== null || host === 'localhost';
  if (named || /^(?:0x[0-9a-f]{6,8}|\d{8,10})$/i.test(host) || host.startsWith('[')) return host;
  return /\.(?:\p{L}{2,24}|\d{1,10}|0x[0-9a-f]{1,8})\.?$/iu.test(host) && !FILE_SUFFIX.test(host) ? host : undefined;
}

/** Endings of files that would pass for a top-level domain. */
const FILE_SUFFIX =
  /\.(?:txt|json|ya?ml|html?|js|mjs|ts|py|rb|pl|php|sh|zip|tar|t?gz|bz2|xz|log|md|csv|xml|pem|key|crt|cfg|conf|ini|toml|go|rs|java|jar|bin|exe|deb|rpm|whl|sql|pdf|png|jpe?g|svg|out|tmp|lock)$/i;
