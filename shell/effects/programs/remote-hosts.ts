/** Programs that connect to a host they are given: shells, copies, sockets, databases. Options as in their manual pages. */
import { authorityAddress, scpAddress, urlAddress, withPort, type Address } from '../../hosts.ts';
import type { Arguments, OptionForms } from '../arguments.ts';
import { baseName, forNames, inFolder, withOptions, type Programs } from '../call.ts';
import type { Findings } from '../findings.ts';

const SSH: OptionForms = { short: 'BbcDEeFIiJLlmOopQRSWw' };
const SCP: OptionForms = { short: 'cDFiJloPSX' };
const RSYNC: OptionForms = {
  short: 'efBTM@',
  long: [
    'rsh',
    'filter',
    'exclude',
    'include',
    'exclude-from',
    'include-from',
    'files-from',
    'port',
    'password-file',
    'log-file',
    'bwlimit',
    'chmod',
    'chown',
    'timeout',
    'temp-dir',
    'compare-dest',
    'link-dest',
    'backup-dir',
    'suffix',
    'rsync-path',
    'max-size',
    'min-size',
    'partial-dir',
    'out-format',
    'info',
  ],
};
const NETCAT: OptionForms = {
  short: 'IiMmOPpqsTVWwXxecgGo',
  long: [
    'exec',
    'sh-exec',
    'wait',
    'delay',
    'source',
    'source-port',
    'proxy',
    'proxy-type',
    'proxy-auth',
    'output',
    'max-conns',
    'idle-timeout',
  ],
};

/** Database clients: the option of the host, that of the port, the protocol and its port. */
const DATABASES: Readonly<Record<string, readonly [host: string, port: string, protocol: string, usual: number]>> = {
  psql: ['h', 'p', 'postgresql', 5432],
  pg_dump: ['h', 'p', 'postgresql', 5432],
  pg_restore: ['h', 'p', 'postgresql', 5432],
  mysql: ['h', 'P', 'mysql', 3306],
  mysqldump: ['h', 'P', 'mysql', 3306],
  mariadb: ['h', 'P', 'mysql', 3306],
  'redis-cli': ['h', 'p', 'redis', 6379],
};

export const REMOTE_HOSTS: Programs = {
  ...forNames(
    'ssh autossh mosh',
    withOptions(SSH, (args, to) => {
      ssh(args, to);
    }),
  ),
  sftp: withOptions({ short: 'BbcDFiJloPRSsX' }, (args, to) => {
    const [target] = args.operands;
    if (target === undefined) return;
    to.network(
      urlAddress(target) ??
        withPort(scpAddress(target, 'sftp') ?? authorityAddress(target, 'sftp'), args.values('P').at(-1)),
    );
  }),
  scp: withOptions(SCP, (args, to) => {
    copies(args.operands, (text) => withPort(urlAddress(text) ?? scpAddress(text, 'ssh'), args.values('P').at(-1)), to);
  }),
  rsync: withOptions(RSYNC, (args, to) => {
    const shell = args.values('e', 'rsh').at(-1) ?? '';
    const port = args.values('port').at(-1) ?? /\s-p\s?(\d{1,5})\b/.exec(shell)?.[1];
    copies(args.operands, (text) => rsyncAddress(text, port), to);
    if (args.has('remove-source-files')) to.delete(...args.operands.slice(0, -1).filter(isLocal));
    to.read(...args.values('files-from', 'exclude-from', 'include-from', 'password-file'));
  }),
  ...forNames(
    'nc ncat netcat',
    withOptions(NETCAT, (args, to) => {
      // A listener waits for others; a socket of this machine is no network.
      if (args.has('l', 'listen', 'U', 'unixsock')) return;
      const [host, port] = args.operands;
      if (host !== undefined) to.network(withPort(authorityAddress(host, args.has('u', 'udp') ? 'udp' : 'tcp'), port));
    }),
  ),
  socat: ({ arguments: words }, to) => {
    for (const word of words) {
      const match =
        /^(TCP|TCP4|TCP6|TCP-CONNECT|TCP4-CONNECT|TCP6-CONNECT|OPENSSL|OPENSSL-CONNECT|SSL|UDP|UDP4|UDP6|UDP-CONNECT|SCTP|SCTP-CONNECT):(\[[^\]]+\]|[^:,]+):([^:,]+)/i.exec(
          word,
        );
      if (match === null) continue;
      const protocol = /^(?:OPENSSL|SSL)/i.test(match[1] ?? '')
        ? 'tls'
        : (match[1] ?? '').toLowerCase().replace(/[46]?(?:-connect)?$/, '');
      to.network(withPort(authorityAddress(match[2] ?? '', protocol), match[3]));
    }
  },
  ...forNames(
    'telnet ftp tftp',
    withOptions({ short: 'aeklnbSXPNorsTuq' }, ({ operands: [host, port] }, to, { name }) => {
      if (host !== undefined) to.network(urlAddress(host) ?? withPort(authorityAddress(host, name), port));
    }),
  ),
  lftp: withOptions({ short: 'efpuc' }, (args, to) => {
    const [host] = args.operands;
    if (host !== undefined)
      to.network(urlAddress(host) ?? withPort(authorityAddress(host, 'ftp'), args.values('p').at(-1)));
  }),
  ...forNames(
    'ping ping6 traceroute traceroute6 tracepath mtr',
    withOptions({ short: 'cisWwtIlmpMQTSfgqz' }, ({ operands: [host] }, to) => {
      if (host !== undefined) to.network(authorityAddress(host, 'icmp'));
    }),
  ),
  ...forNames('dig nslookup host drill kdig', ({ name, arguments: words }, to) => {
    lookUp(name, words, to);
  }),
  grpcurl: ({ arguments: words }, to) => {
    for (const word of words) if (/^[\w.-]+:\d{1,5}$/.test(word)) to.network(authorityAddress(word, 'grpc'));
  },
  ...forNames('mongosh mongo mongodump', ({ arguments: words }, to) => {
    for (const word of words) if (word.startsWith('mongodb')) to.network(urlAddress(word));
  }),
  ...forNames(
    Object.keys(DATABASES).join(' '),
    withOptions(
      { short: 'hpPUdunafo', long: ['host', 'port', 'username', 'dbname', 'user', 'database', 'file', 'command'] },
      (args, to, { name }) => {
        const [hostOption, portOption, protocol, usual] = DATABASES[name] ?? ['h', 'p', name, 0];
        const host = args.values(hostOption, 'host').at(-1);
        const port = args.values(portOption, 'port').at(-1);
        // A folder contains the socket.
        if (host !== undefined && !host.startsWith('/'))
          to.network(withPort(authorityAddress(host, protocol), port ?? String(usual)));
        for (const word of [...args.operands, ...args.values('d', 'dbname', 'u')]) to.network(urlAddress(word));
      },
    ),
  ),
};

/** A resolver that is named is asked; the name itself reaches only the servers of its zone. */
function lookUp(program: string, words: readonly string[], to: Findings): void {
  const operands = words.filter(
    (word, index) => !/^[-+]/.test(word) && !/^-[tcpkyfbxqW]$/.test(words[index - 1] ?? ''),
  );
  const isServer = (word: string, index: number): boolean =>
    word.startsWith('@') || (index === 1 && (program === 'nslookup' || program === 'host'));
  for (const [index, word] of operands.entries()) {
    if (isServer(word, index)) to.network(withPort(authorityAddress(word.replace(/^@/, ''), 'dns'), '53'));
    else if (word.includes('.'))
      to.possibly(() => {
        to.network(authorityAddress(word, 'dns'));
      });
  }
}

/** The target, and the hosts that are jumped over on the way. */
function ssh(args: Arguments, to: Findings): void {
  if (args.has('V', 'Q', 'G', 'O')) return;
  const [target] = args.operands;
  const settings = args.values('o').flatMap((setting) => {
    const [, name = '', value = ''] = /^\s*(\w{1,64})\s*[=\s]\s*(.*)$/s.exec(setting) ?? [];
    return [[name.toLowerCase(), value] as const];
  });
  const valuesOf = (name: string): readonly string[] =>
    settings.flatMap(([key, value]) => (key === name ? [value] : []));
  for (const jump of [...args.values('J'), ...valuesOf('proxyjump')].flatMap((list) => list.split(',')))
    to.network(urlAddress(jump) ?? authorityAddress(jump, 'ssh'));
  const port = args.values('p').at(-1) ?? valuesOf('port')[0];
  const real = valuesOf('hostname')[0] ?? target;
  if (real !== undefined) to.network(withPort(urlAddress(real) ?? authorityAddress(real, 'ssh'), port));
}

/** `host::module` is the daemon's, `host:path` goes by ssh. */
function rsyncAddress(text: string, port: string | undefined): Address | undefined {
  const daemon = /^([^:/]+)::/.exec(text)?.[1];
  const address =
    daemon === undefined ? (urlAddress(text) ?? scpAddress(text, 'ssh')) : authorityAddress(daemon, 'rsync');
  return withPort(address, port);
}

/** Sources and a target of which some are on other hosts: those of this machine are files. */
export function copies(
  operands: readonly string[],
  addressOf: (text: string) => Address | undefined,
  to: Findings,
): void {
  const sources = operands.slice(0, -1);
  const target = operands.at(-1);
  if (target === undefined || sources.length === 0) return;
  for (const operand of operands) to.network(addressOf(operand));
  to.read(...sources.filter(isLocal));
  if (!isLocal(target)) return;
  const isFolder = sources.length > 1 || /(?:^|\/)\.{0,2}$/.test(target);
  for (const source of sources) {
    const name = baseName(source.replace(/^[^/]*:/, ''));
    if (!isFolder) {
      to.create(target);
      // The target may be a folder.
      if (name !== '')
        to.possibly(() => {
          to.create(inFolder(target, name));
        });
    } else if (name !== '') to.create(inFolder(target, name));
  }
}

/** A text that looks like a path on another host is no file here, even where its host cannot be read. */
function isLocal(text: string): boolean {
  return !/^[^/\\]{2,}:/.test(text);
}
