/** `curl`, `wget` and other HTTP clients: hosts, methods, files that they send and save. Options as in their manual pages. */
import { authorityAddress, looseAddress, urlAddress, withPort, type Address } from '../../hosts.ts';
import { Arguments, type OptionForms } from '../arguments.ts';
import { baseName, forNames, inFolder, withOptions, type Call, type Programs } from '../call.ts';
import type { Findings } from '../findings.ts';

const CURL: OptionForms = {
  short: 'AbcCdDeEFhHKmoPQrtTuUwxXyYz',
  long: [
    'url',
    'request',
    'data',
    'data-raw',
    'data-binary',
    'data-ascii',
    'data-urlencode',
    'json',
    'form',
    'form-string',
    'upload-file',
    'output',
    'output-dir',
    'header',
    'user',
    'user-agent',
    'cookie',
    'cookie-jar',
    'referer',
    'range',
    'write-out',
    'dump-header',
    'config',
    'proxy',
    'preproxy',
    'proxy-user',
    'proxy-header',
    'noproxy',
    'socks4',
    'socks4a',
    'socks5',
    'socks5-hostname',
    'max-time',
    'connect-timeout',
    'retry',
    'retry-delay',
    'retry-max-time',
    'limit-rate',
    'max-redirs',
    'max-filesize',
    'speed-limit',
    'speed-time',
    'cacert',
    'capath',
    'cert',
    'cert-type',
    'key',
    'key-type',
    'pass',
    'ciphers',
    'tls-max',
    'tls13-ciphers',
    'crlfile',
    'pinnedpubkey',
    'resolve',
    'connect-to',
    'dns-servers',
    'doh-url',
    'interface',
    'local-port',
    'unix-socket',
    'abstract-unix-socket',
    'proto',
    'proto-default',
    'proto-redir',
    'oauth2-bearer',
    'aws-sigv4',
    'request-target',
    'url-query',
    'time-cond',
    'trace',
    'trace-ascii',
    'stderr',
    'netrc-file',
    'quote',
    'rate',
    'variable',
    'etag-save',
    'etag-compare',
    'keepalive-time',
    'parallel-max',
    'mail-from',
    'mail-rcpt',
    'ftp-port',
    'happy-eyeballs-timeout-ms',
    'expect100-timeout',
    'create-file-mode',
    'login-options',
    'service-name',
    'continue-at',
    'telnet-option',
  ],
};
const CURL_DATA = ['d', 'data', 'data-binary', 'data-ascii', 'json'] as const;
const CURL_SENDS = [...CURL_DATA, 'data-urlencode', 'data-raw', 'F', 'form', 'form-string'] as const;
const CURL_PROXIES = ['x', 'proxy', 'preproxy', 'socks4', 'socks4a', 'socks5', 'socks5-hostname'] as const;
/** Variables that name a proxy. */
const PROXY_VARIABLE = /^(?:https?|all|ftp)_proxy$/i;

const WGET: OptionForms = {
  short: 'oaeiBtOTwQPUlARDIX',
  long: [
    'output-document',
    'output-file',
    'append-output',
    'execute',
    'input-file',
    'base',
    'tries',
    'timeout',
    'dns-timeout',
    'connect-timeout',
    'read-timeout',
    'wait',
    'waitretry',
    'quota',
    'limit-rate',
    'directory-prefix',
    'user-agent',
    'level',
    'accept',
    'reject',
    'domains',
    'exclude-domains',
    'post-data',
    'post-file',
    'body-data',
    'body-file',
    'method',
    'header',
    'user',
    'password',
    'http-user',
    'http-password',
    'referer',
    'load-cookies',
    'save-cookies',
    'ca-certificate',
    'certificate',
    'private-key',
    'secure-protocol',
    'max-redirect',
    'cut-dirs',
    'include-directories',
    'exclude-directories',
  ],
};

const HTTPIE: OptionForms = {
  short: 'aAojps',
  long: [
    'auth',
    'auth-type',
    'output',
    'session',
    'proxy',
    'verify',
    'timeout',
    'cert',
    'cert-key',
    'print',
    'style',
    'format-options',
    'max-redirects',
    'raw',
    'boundary',
    'response-charset',
    'default-scheme',
  ],
};

/** Clients whose operands are URLs; nothing else of them is read here. */
const FETCHERS = 'aria2c axel lynx w3m links elinks yt-dlp youtube-dl ab wrk hey siege websocat httrack';

export const HTTP_CLIENTS: Programs = {
  curl: withOptions(CURL, (args, to, call) => {
    curl(args, to);
    proxies(call, to);
  }),
  ...forNames('wget wget2', (call, to) => {
    // `-nc`, `-np` and the like are options of two letters.
    const words = call.arguments.filter((word) => !/^-n[a-zA-Z]$/.test(word));
    wget(new Arguments(words, WGET), to);
    proxies(call, to);
  }),
  ...forNames(
    'http https xh xhs',
    withOptions(HTTPIE, (args, to, { name }) => {
      httpie(name === 'https' || name === 'xhs' ? 'https' : 'http', args.operands, to);
      to.create(...args.values('o', 'output'));
    }),
  ),
  ...forNames(FETCHERS, ({ arguments: words }, to) => {
    for (const word of words) to.network(urlAddress(word));
    to.possibly(() => {
      for (const word of words) if (isBareAddress(word)) to.network(looseAddress(word, 'http'));
    });
  }),
};

/** `example.com/path` without a scheme: no option, and no name that ends like a file. */
function isBareAddress(word: string): boolean {
  if (word.includes('://') || !/^[^-./][^/]*\.\p{L}{2,24}\.?(?::\d+)?(?:\/|$)/u.test(word)) return false;
  return !/^[^/]*\.(?:txt|json|ya?ml|html?|xml|csv|log|zip|gz|tgz|torrent|mp[34]|pdf|conf)$/i.test(word);
}

function proxies({ assignments }: Call, to: Findings): void {
  for (const { name, value } of assignments)
    if (PROXY_VARIABLE.test(name)) {
      to.possibly(() => {
        to.network(looseAddress(value, 'http'));
      });
    }
}

function curl(args: Arguments, to: Findings): void {
  const urls = [...args.operands, ...args.values('url')];
  const method = curlMethod(args);
  // Over a socket of this machine nothing leaves it.
  if (!args.has('unix-socket', 'abstract-unix-socket'))
    for (const url of urls) toHost(to, looseAddress(url, args.values('proto-default')[0] ?? 'http'), method);
  for (const proxy of args.values(...CURL_PROXIES)) to.network(looseAddress(proxy, 'http'));
  for (const url of args.values('doh-url')) to.network(urlAddress(url));
  for (const value of args.values('resolve', 'connect-to')) to.network(otherAddress(value));
  for (const value of args.values(...CURL_DATA, 'H', 'header', 'proxy-header', 'w', 'write-out'))
    if (value.startsWith('@')) to.read(value.slice(1));
  for (const value of args.values('data-urlencode', 'variable')) {
    const file = /^[^=@]{0,256}@(.+)$/s.exec(value)?.[1];
    if (file !== undefined) to.read(file);
  }
  // A cookie holds `=`, the name of a file with cookies does not.
  to.read(...args.values('b', 'cookie').filter((value) => !value.includes('=')));
  for (const value of args.values('F', 'form')) {
    const file = /^[^=]{1,256}=[@<]"?([^;"]+)/.exec(value)?.[1];
    if (file !== undefined) to.read(file);
  }
  to.read(
    ...args.values('T', 'upload-file', 'K', 'config', 'E', 'cert', 'key', 'cacert', 'netrc-file', 'etag-compare'),
  );
  to.create(...args.values('c', 'cookie-jar', 'D', 'dump-header', 'trace', 'trace-ascii', 'stderr', 'etag-save'));
  const [folder] = args.values('output-dir');
  const within = (name: string): string => (folder === undefined ? name : inFolder(folder, name));
  to.create(...args.values('o', 'output').map(within));
  if (args.has('O', 'remote-name', 'remote-name-all'))
    to.create(...urls.flatMap((url) => remoteName(url) ?? []).map(within));
}

/** `--resolve host:port:address`, `--connect-to host:port:other:port`: where the connection really goes. */
function otherAddress(value: string): Address | undefined {
  const [, address = '', port] = /^[+-]?[^:]*:\d*:(\[[^\]]+\]|[^:,]+)(?::(\d+))?/.exec(value) ?? [];
  return withPort(authorityAddress(address, 'tcp'), port);
}

function curlMethod(args: Arguments): string {
  const named = args.values('X', 'request').at(-1);
  if (named !== undefined && isMethod(named)) return named.toUpperCase();
  if (args.has('I', 'head')) return 'HEAD';
  if (args.has('G', 'get')) return 'GET';
  if (args.has('T', 'upload-file')) return 'PUT';
  return args.has(...CURL_SENDS) ? 'POST' : 'GET';
}

function wget(args: Arguments, to: Findings): void {
  const named = args.values('method').at(-1);
  const isSending = args.has('post-data', 'post-file', 'body-data', 'body-file');
  const method =
    named !== undefined && isMethod(named)
      ? named.toUpperCase()
      : isSending
        ? 'POST'
        : args.has('spider')
          ? 'HEAD'
          : 'GET';
  for (const url of args.operands) toHost(to, looseAddress(url, 'http'), method);
  to.read(
    ...args.values(
      'post-file',
      'body-file',
      'i',
      'input-file',
      'load-cookies',
      'certificate',
      'private-key',
      'ca-certificate',
    ),
  );
  to.create(...args.values('O', 'output-document', 'o', 'output-file', 'save-cookies'));
  for (const path of args.values('a', 'append-output')) to.file('update', path, 'append');
  if (args.has('O', 'output-document', 'spider', 'r', 'recursive', 'm', 'mirror', 'p', 'page-requisites')) return;
  const [folder] = args.values('P', 'directory-prefix');
  for (const url of args.operands) {
    const name = remoteName(url);
    if (name !== undefined) to.create(folder === undefined ? name : inFolder(folder, name));
  }
}

/** `http [METHOD] URL [item…]`: an item that is data makes it a POST. */
function httpie(protocol: string, operands: readonly string[], to: Findings): void {
  const [first = '', ...rest] = operands;
  const isNamed = /^[A-Z]{3,10}$/.test(first);
  const [url = '', ...items] = isNamed ? rest : operands;
  const isSending = items.some((item) => /^[^=:@]{1,256}(?::?=|@)/.test(item) && !/^[^=]{1,256}==/.test(item));
  for (const item of items) {
    const file = /^[^=:@]{0,256}(?::?=)?@(.+)$/s.exec(item)?.[1];
    if (file !== undefined) to.read(file);
  }
  const local = /^:(\d+)?(?:\/|$)/.exec(url);
  const address = local === null ? looseAddress(url, protocol) : looseAddress(`localhost${url}`, protocol);
  toHost(to, address, isNamed ? first : isSending ? 'POST' : 'GET');
}

/** Only HTTP has a method. */
function toHost(to: Findings, address: Address | undefined, method: string): void {
  to.network(address, /^https?$/.test(address?.protocol ?? '') ? method : undefined);
}

function isMethod(text: string): boolean {
  return /^[A-Za-z]{1,32}$/.test(text);
}

/** The name under which the file of this URL is saved, where its path ends in one. */
export function remoteName(url: string): string | undefined {
  const path = /^(?:[A-Za-z][\w+.-]*:\/\/)?[^/?#]+\/([^?#]*)$/.exec(url)?.[1];
  const name = path === undefined ? '' : baseName(path);
  return name === '' ? undefined : name;
}
