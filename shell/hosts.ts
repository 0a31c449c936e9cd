/** Hosts in one form, and the addresses that programs accept: URLs, `host:port`, `user@host:path`. */
import { canonicalIpv4, canonicalIpv6 } from './ip-address.ts';

export interface Address {
  readonly host: string;
  readonly port?: number;
  readonly protocol?: string;
}

/** Characters of the longest DNS name. */
const MAX_HOST = 253;
/** IPv4 in its canonical form. */
const DOTTED = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const HOST_NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?$/u;

/** Texts searched for hosts, characters of one, and hosts found: more are data. */
const MAX_TEXTS = 256;
const MAX_TEXT = 65_536;
const MAX_MENTIONED = 32;

/** `scheme://user@host:port` up to the end of the authority (RFC 3986). */
const URL_HEAD = /^\s*([A-Za-z][A-Za-z0-9+.-]{0,31}):\/\/([^/?#\\\s]{1,1300})/;
const HOST_PORT = /^(?:\[([0-9A-Fa-f:.%]{2,64})\]|([^:[\]]{1,253}))(?::([0-9]{1,5}))?$/;

/** Registered ports of the schemes that command-line tools accept. */
const PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  ftp: 21,
  ftps: 990,
  tftp: 69,
  ssh: 22,
  sftp: 22,
  scp: 22,
  git: 9418,
  rsync: 873,
  svn: 3690,
  telnet: 23,
  ldap: 389,
  ldaps: 636,
  smb: 445,
  smtp: 25,
  smtps: 465,
  imap: 143,
  imaps: 993,
  pop3: 110,
  mqtt: 1883,
  amqp: 5672,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  rediss: 6379,
  mongodb: 27017,
  hkp: 11371,
  hkps: 443,
};

/**
 * The one form of a host: lower case, without brackets and final dot, IPv4 dotted however it was written, IPv6 in its
 * shortest form; undefined for a text that is no host, as where a variable is in it.
 */
export function canonicalHost(text: string): string | undefined {
  const unbracketed = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const bare = (unbracketed.endsWith('.') ? unbracketed.slice(0, -1) : unbracketed).toLowerCase();
  if (bare === '' || bare.length > MAX_HOST) return undefined;
  if (bare.includes(':')) return canonicalIpv6(bare);
  if (DOTTED.test(bare)) return bare;
  const address = /^[0-9][0-9a-fx.]*$/.test(bare) ? canonicalIpv4(bare) : undefined;
  return address ?? (HOST_NAME.test(bare) ? bare : undefined);
}

/** Whether a host in its canonical form is an address. */
export function isAddress(host: string): boolean {
  return host.includes(':') || canonicalIpv4(host) === host;
}

/** Every host that the texts contain as `scheme://host` or `/dev/tcp/host/port`, whether anything connects to it or not. */
export function hostsMentioned(texts: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (host: string | undefined): void => {
    const known = host === undefined ? undefined : canonicalHost(host);
    if (known !== undefined && found.size < MAX_MENTIONED) found.add(known);
  };
  for (const text of texts.slice(0, MAX_TEXTS)) {
    if (text.length > MAX_TEXT) continue;
    for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) add(authorityHostAt(text, at + 3));
    add(/^\/dev\/(?:tcp|udp)\/([^/]{1,253})\/\d/.exec(text)?.[1]);
  }
  return [...found];
}

function authorityHostAt(text: string, start: number): string | undefined {
  const authority = /^[^\s/?#'"`<>|;,(){}\\]{1,512}/.exec(text.slice(start, start + 512))?.[0];
  if (authority === undefined) return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:\d*$/, '');
}

export function portOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** Host and port of `scheme://…`; undefined for another text and for a scheme that leads nowhere, such as `file`. */
export function urlAddress(text: string): Address | undefined {
  const head = URL_HEAD.exec(text);
  if (head === null) return undefined;
  const protocol = (head[1] ?? '').toLowerCase().replace(/^(?:git|hg|svn|bzr)\+/, '');
  if (protocol === 'file') return undefined;
  return authorityAddress(head[2] ?? '', protocol);
}

/** `user@host:port`; without a port, it is that of the protocol. */
export function authorityAddress(text: string, protocol: string | undefined): Address | undefined {
  const match = HOST_PORT.exec(text.slice(text.lastIndexOf('@') + 1));
  const host = match === null ? undefined : canonicalHost(match[1] ?? match[2] ?? '');
  if (match === null || host === undefined) return undefined;
  const known = protocol !== undefined && Object.hasOwn(PORTS, protocol) ? PORTS[protocol] : undefined;
  const port = match[3] === undefined ? known : portOf(match[3]);
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}

/** A URL, or the same without its scheme, as `curl` and similar programs accept it: `host:port/path`. */
export function looseAddress(text: string, protocol: string): Address | undefined {
  if (text.includes('://')) return urlAddress(text);
  return authorityAddress(/^[^/?#\\\s]{1,1300}/.exec(text)?.[0] ?? '', protocol);
}

/** `user@host:path` and `host:path` (scp, rsync, git): before a colon, and with no slash before it. Not a Windows drive. */
export function scpAddress(text: string, protocol: string): (Address & { readonly path: string }) | undefined {
  const match = /^((?:[^\s/:@]{1,128}@)?(?:\[[0-9A-Fa-f:.%]{2,64}\]|[^\s/:@[\]]{2,253})):(?!\/\/)(.*)$/s.exec(text);
  const address = match === null ? undefined : authorityAddress(match[1] ?? '', protocol);
  return address === undefined ? undefined : { ...address, path: match?.[2] ?? '' };
}

/** The same address with a port that is written apart from it; without one where that cannot be read (`1-1024`, `$p`). */
export function withPort(address: Address | undefined, text: string | undefined): Address | undefined {
  if (address === undefined || text === undefined) return address;
  const { port: _, ...rest } = address;
  const port = portOf(text);
  return port === undefined ? rest : { ...rest, port };
}
