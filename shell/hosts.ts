/** Addresses as programs are given them: URLs, `host:port`, `user@host:path`. */

export interface Address {
  readonly host: string;
  readonly port?: number;
  readonly protocol?: string;
}

/** `scheme://user@host:port` up to the end of the authority (RFC 3986). */
const URL_HEAD = /^\s*([A-Za-z][A-Za-z0-9+.-]{0,31}):\/\/([^/?#\\\s]{1,1300})/;
const HOST_PORT = /^(?:\[([0-9A-Fa-f:.%]{2,64})\]|([^:[\]]{1,253}))(?::([0-9]{1,5}))?$/;

/** Registered ports of the schemes that command-line tools take. */
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

/** One host: a name or an address, lower case; undefined for a text that is none, as where a variable stands in it. */
export function hostOf(text: string): string | undefined {
  const bare = text.replace(/\.$/, '').toLowerCase();
  if (bare === '' || bare.length > 253) return undefined;
  if (bare.includes(':')) return /^[0-9a-f:.]{2,45}(?:%[\w.-]{1,32})?$/.test(bare) ? bare : undefined;
  return /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?$/u.test(bare) ? bare : undefined;
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

/** `user@host:port`; the port is that of the protocol where none stands there. */
export function authorityAddress(text: string, protocol: string | undefined): Address | undefined {
  const match = HOST_PORT.exec(text.slice(text.lastIndexOf('@') + 1));
  const host = match === null ? undefined : hostOf(match[1] ?? match[2] ?? '');
  if (match === null || host === undefined) return undefined;
  const known = protocol !== undefined && Object.hasOwn(PORTS, protocol) ? PORTS[protocol] : undefined;
  const port = match[3] === undefined ? known : portOf(match[3]);
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}

/** A URL, or the same without its scheme, as `curl` and its like take it: `host:port/path`. */
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
