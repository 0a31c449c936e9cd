/**
 * Secrets that are recognised by their position: after a flag, a header's name, a variable's name, in a URL. The place must
 * say it by itself; text that is only in disorder (a commit id, a checksum) is left alone. Pure.
 */
import { type SecretRule, isMixed, isPlaceholder, looksRandom } from './rule.ts';

/** A word of a shell line or a value in JSON: in quotes, whose backslashes may be inside JSON, or bare. */
const BARE = String.raw`[^\s"'\\;|&<>()` + '`' + String.raw`{},]`;
const WORD = (most: number): string =>
  String.raw`(?:\\{0,3}"([^"\\\n]{1,${most}})|\\{0,3}'([^'\\\n]{1,${most}})|(${BARE}{1,${most}}))`;
/** Between a flag and its value: on a line, or as two items of a list in JSON. */
const NEXT = String.raw`(?:=|[ \t]{1,4}|\\{0,3}["'],\s{0,4}(?=\\{0,3}["']))`;
/** A name whose value is secret. */
const SECRET_NAME = String.raw`(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|signing[_-]?key|encryption[_-]?key|private[_-]?key|credentials?)`;

const MOST = 512;

const given = (secret: string): boolean => secret.length >= 4 && !isPlaceholder(secret) && !isOrdinary(secret);
/** A path, a number, an address or a list of settings. */
function isOrdinary(secret: string): boolean {
  return /^(?:\.{0,2}\/|~\/|https?:|\d{1,9}$|\d{1,3}\.\d|[A-Za-z]:\\)|^(?:id|type|src|env|file|name)=|\.(?:txt|json|ya?ml|py|js|ts|go|pem|key|crt|env)$/.test(
    secret,
  );
}
const strong = (secret: string): boolean => given(secret) && secret.length >= 6 && isMixed(secret);
const random = (secret: string): boolean => given(secret) && looksRandom(secret);

/** What the same command says before, at most so much of it. */
const COMMAND = 480;
function commandBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - COMMAND), at);
  return before.slice(Math.max(...['|', ';', '&&', '\n'].map((end) => before.lastIndexOf(end))) + 1);
}
const after =
  (program: RegExp, isOne: (secret: string) => boolean = given) =>
  (secret: string, text: string, at: number): boolean =>
    isOne(secret) && program.test(commandBefore(text, at));

/** Programs with a password after a flag of one letter. */
const SHORT_FLAGS: readonly (readonly [flag: string, program: RegExp])[] = [
  [
    '-p',
    /\b(?:sshpass|docker|podman|nerdctl|helm|oras|crane|skopeo|buildah|mongo\w{0,8}|cqlsh|influx|mysql\w{0,12}|mariadb\w{0,12}|7za?|rar|unrar|az|cf|oc|twine|rabbitmqadmin|kinit|vncviewer|ipmitool)\b/,
  ],
  ['-P', /\b(?:zip|unzip|sqlcmd|bcp|ipmitool|mosquitto_\w{3}|curl)\b/],
  ['-a', /\bredis-cli\b/],
  ['-w', /\bldap(?:search|modify|add|delete|whoami|passwd)\b/],
  ['-N', /\bssh-keygen\b/],
  ['-A', /\bsnmp\w{2,12}\b/],
  ['-k', /\bopenssl\s+(?:enc|aes|des)/],
];
/** For these programs `-p` is a password, not a port, path or project, only with a log-in or written right against it. */
const LOGS_IN = /\b(?:docker|podman|nerdctl|helm|oras|crane|skopeo|buildah|az|cf|oc)\b[^\n]{0,400}\blogin\b/;
const AGAINST = /\b(?:mysql\w{0,12}|mariadb\w{0,12}|7za?|rar|unrar)\b/;

function shortFlag(flag: string, program: RegExp): SecretRule {
  const joined = flag === '-p' ? String.raw`(?:${NEXT}|(?=["'\w!@#%^*+.~?]))` : `(?:${NEXT}|)`;
  return {
    kind: 'password',
    keywords: [` ${flag}`, `"${flag}`, `'${flag}`].map((each) => each.toLowerCase()),
    pattern: new RegExp(String.raw`(?<=[\s"'])${flag}${joined}${WORD(MOST)}`, 'dg'),
    accept: (secret, text, at) => {
      if (!given(secret)) return false;
      const before = commandBefore(text, at);
      if (!program.test(before)) return false;
      const isAgainst = /-p\\{0,3}["']?$/.test(before);
      if (AGAINST.test(before)) return isAgainst;
      return (
        LOGS_IN.test(before) || !/\b(?:docker|podman|nerdctl|helm|oras|crane|skopeo|buildah|az|cf|oc)\b/.test(before)
      );
    },
    back: COMMAND + 8,
  };
}

const rule = (
  kind: string,
  keywords: readonly string[],
  pattern: string,
  accept: SecretRule['accept'],
  more: Partial<SecretRule> & { readonly flags?: string } = {},
): SecretRule => {
  const { flags = '', ...rest } = more;
  return {
    kind,
    keywords,
    pattern: new RegExp(pattern, `dg${flags}`),
    ...(accept === undefined ? {} : { accept }),
    ...rest,
  };
};

const FLAGS = ['token', 'secret', 'key', 'bearer', 'credential'];
const PASSWORD_FLAGS = ['password', 'passwd', 'passphrase', '-pass', 'pwd'];
const NAMES = ['passw', 'passphrase', 'pwd', 'secret', 'token', 'key', 'credential'];
/** Programs whose `-u` expects a user and a password. */
const WITH_USER = /(?:^|[\s"'/])(?:curl|curlie|wget|https?|xh|ab|hey|wrk|siege|httpie|lftp|ncftp\w{0,4})(?=[\s"'\\])/;

export const positionRules: readonly SecretRule[] = [
  // Headers, on a line, in JSON and in code.
  rule(
    'authorization',
    ['authorization'],
    String.raw`authorization\\{0,3}["']{0,1}\s{0,3}(?::|=>|=)\s{0,3}\\{0,3}["']{0,1}(?:(?:bearer|basic|token|negotiate|apikey|api-key|aws4-hmac-sha256|digest|bot|key|splunk|genie-?key|ssws)\s{1,4})?([^\s"'\\<>|;&` +
      '`' +
      String.raw`]{6,4096})`,
    (secret) =>
      given(secret) &&
      !/^(?:bearer|basic|token|header|headers)$/i.test(secret) &&
      (isMixed(secret) || secret.length >= 16),
    { flags: 'i', reach: 4300 },
  ),
  rule(
    'authorization',
    ['bearer', 'basic'],
    String.raw`\b(?:bearer|basic)(?:\s{1,4}|%20|\+)([0-9A-Za-z._~+/=-]{12,4096})`,
    (secret) =>
      given(secret) && ((/\d/.test(secret) && /[a-z]/i.test(secret)) || /=$/.test(secret) || isEncodedPair(secret)),
    { flags: 'i', reach: 4200 },
  ),
  rule(
    'header-secret',
    ['-key', 'api-', '-token', 'apikey', '-auth', '-secret'],
    String.raw`(?:x-[a-z-]{0,40}|api-?|private-|job-|deploy-|dd-|ocp-apim-subscription-|circle-|auth-|access-|session-)(?:key|token|auth|secret)\\{0,3}["']?\s{0,2}(?::|=>)\s{0,3}\\{0,3}["']?([^\s"'\\<>|;&` +
      '`' +
      String.raw`,]{6,2048})`,
    (secret) => given(secret) && (isMixed(secret) || secret.length >= 16),
    { flags: 'i', reach: 2200 },
  ),
  rule(
    'cookie',
    ['cookie'],
    String.raw`(?:set-)?cookie\\{0,3}["']?\s{0,2}(?::|=>)\s{0,3}\\{0,3}["']?([^\s"'\\]{1,128}=[^"'\\\n\r]{4,4096})`,
    (secret) => !isPlaceholder(secret.slice(secret.indexOf('=') + 1)),
    { flags: 'i', reach: 4300 },
  ),
  rule(
    'cookie',
    ['-b', '--cookie'],
    String.raw`(?<=\s)(?:-b|--cookie)(?:=|[ \t]{1,4})\\{0,3}["']?([\w.-]{1,64}=[^"'\\\n\r]{6,2048})`,
    after(/\bcurl\b/, (secret) => !isPlaceholder(secret.slice(secret.indexOf('=') + 1))),
    { back: COMMAND + 8, reach: 2200 },
  ),
  // URLs.
  rule(
    'url-password',
    ['://'],
    String.raw`\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:(?:\\?/){2}[^\s:/@'"\\]{0,128}:([^\s/'"\\?#]{2,256}|[^\s'"\\@]{2,256})@`,
    (secret) => !isPlaceholder(secret) && !/^\d{1,5}$|^\d{1,5}[/,]/.test(secret),
  ),
  rule('url-token', ['://'], String.raw`\bhttps?:(?:\\?/){2}([^\s:/@'"\\?#]{16,256})@`, (secret) => random(secret)),
  rule(
    'url-parameter',
    [
      'token=',
      'key=',
      'sig=',
      'signature=',
      'secret=',
      'password=',
      'passwd=',
      'pwd=',
      'credential=',
      'auth=',
      'assertion=',
      'verifier=',
      'jwt=',
      'passphrase=',
    ],
    String.raw`(?:[?&]|%3F|%26|\\u0026|["' ])(?:[\w.%-]{0,40}[._-])?(?:access_?token|refresh_?token|id_?token|auth_?token|token|api_?key|apikey|client_?secret|secret|password|passwd|passphrase|pwd|sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|subscription-key|private_?token|auth|jwt|client_assertion|assertion|code_?verifier|key)=([^\s"'\\&#;<>|` +
      '`' +
      String.raw`]{6,2048})`,
    (secret, text, at) =>
      given(secret) && (isMixed(secret) || secret.length >= 16) && (isOfUrl(text, at) || isOfForm(secret, text, at)),
    { flags: 'i', reach: 2200 },
  ),
  // Flags and variables.
  rule(
    'password',
    PASSWORD_FLAGS,
    String.raw`--(?:[a-z0-9]{1,24}[-_]){0,4}(?:password|passwd|passphrase|pass|pwd)(?:-?(?:value|string))?${NEXT}${WORD(MOST)}`,
    given,
    { flags: 'i' },
  ),
  rule(
    'flag-secret',
    FLAGS,
    String.raw`--(?:[a-z0-9]{1,24}[-_]){0,4}(?:token|secret|api-?key|apikey|access-?key|secret-?key|auth-?key|account-?key|oauth2-bearer|authtoken|credential|webhook-secret)(?:-?(?:value|string))?${NEXT}${WORD(2048)}`,
    (secret) => given(secret) && (isMixed(secret) || secret.length >= 12),
    { flags: 'i', reach: 2200 },
  ),
  rule(
    'basic-auth',
    ['-u', '--user', '--proxy-user', '--http-user', ' -a'],
    String.raw`(?<=[\s"'])(?:-u|-a|-U|--user|--proxy-user)(?:${NEXT}|)(?:\\{0,3}"[^\s:"\\]{0,128}:([^"\\\n]{1,256})|\\{0,3}'[^\s:'\\]{0,128}:([^'\\\n]{1,256})|[^\s:"'\\$]{1,128}:(?:\\{0,3}"([^"\\\n]{1,256})|\\{0,3}'([^'\\\n]{1,256})|([^\s"'\\]{1,256})))`,
    after(WITH_USER, (secret) => secret.length >= 3 && !isPlaceholder(secret)),
    { back: COMMAND + 8 },
  ),
  rule(
    'basic-auth',
    ['%'],
    String.raw`(?<=\s)(?:-U|--user)(?:=|\s{1,4})\\{0,3}["']?[^\s%"']{1,64}%(${BARE}{3,256})`,
    after(/\b(?:smbclient|rpcclient|smbmap|net|wmic|smbget)\b/, given),
    { back: COMMAND + 8 },
  ),
  ...SHORT_FLAGS.map(([flag, program]) => shortFlag(flag, program)),
  rule(
    'password',
    ['pass:'],
    String.raw`-pass(?:in|out)?${NEXT}\\{0,3}["']?pass:(${BARE}{2,256})`,
    (secret) => !isPlaceholder(secret),
  ),
  rule(
    'password',
    ['chpasswd', 'passwd'],
    String.raw`\becho\s{1,4}(?:-[ne]\s{1,4})?(?:\\{0,3}["'][^:"'\s]{1,64}:([^"'\\]{3,256})|\\{0,3}["']?[^:"'\s]{1,64}:(${BARE}{3,256}))\\{0,3}["']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?chpasswd`,
    (secret) => !isPlaceholder(secret),
    { back: COMMAND },
  ),
  rule(
    'password',
    ['sudo -', '--stdin', '--password-stdin', '--with-token'],
    String.raw`\b(?:echo|printf)\s{1,4}(?:-[ne]\s{1,4})?(?:\\{0,3}"([^"\\\n$]{3,256})|\\{0,3}'([^'\\\n]{3,256})|(${BARE}{3,256}))(?:\\n)?\\{0,3}["']?\s{0,4}\|\s{0,4}[^|;&\n]{0,128}(?:sudo\s{1,4}-[a-zA-Z]{0,4}S|--password-stdin|passwd\s{1,4}--stdin|--with-token)`,
    (secret) => !isPlaceholder(secret),
    { back: COMMAND },
  ),
  rule(
    'password',
    ['identified by', 'with password', ' password'],
    String.raw`(?:identified\s{1,4}(?:with\s{1,4}\w{1,40}\s{1,4})?by|\b(?:with|encrypted|set)\s{1,4}password|(?:user|role)\s{1,4}[\w."]{1,64}\s{1,4}(?:with\s{1,4})?password)\s{1,4}=?\s{0,2}\\{0,3}['"]((?:[^'"\\\n]|'\\\\''){2,256})`,
    (secret) => !isPlaceholder(secret),
    { flags: 'i', back: 160 },
  ),
  rule(
    'environment-secret',
    [...NAMES, '_pass'],
    String.raw`(?<![A-Za-z0-9_$.-])(?:\$env:)?[A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|PASSPHRASE|_PASS|_PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|AUTH_?KEY|SECRET_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|PRIVATE_?KEY|MASTER_?KEY|CREDENTIALS?)(?!_(?:NAME|ID|URL|URI|FILE|PATH|DIR|TYPE|COUNT|LIMIT|LENGTH|SIZE|TTL|HEADER|FIELD|PREFIX))(?:_[A-Z0-9_]{1,24})?(?:=|(?<=\bsetx\s{1,4}[A-Z0-9_]{1,64})\s{1,4})${WORD(2048)}`,
    (secret) => given(secret) && (isMixed(secret) || secret.length >= 12),
    { back: 160, reach: 2200 },
  ),
  rule(
    'environment-secret',
    ['pgpassword', 'mysql_pwd', 'sshpass', 'rediscli_auth', 'restic_password', 'borg_passphrase'],
    String.raw`\b(?:PGPASSWORD|MYSQL_PWD|SSHPASS|REDISCLI_AUTH|RESTIC_PASSWORD|BORG_PASSPHRASE)=${WORD(MOST)}`,
    (secret) => !isPlaceholder(secret),
  ),
  rule(
    'password',
    ['<<<'],
    String.raw`<<<\s{0,2}${WORD(2048)}`,
    after(
      /token|secret|passw|login|sudo|credential/i,
      (secret) => given(secret) && (isMixed(secret) || secret.length >= 12),
    ),
    { back: COMMAND + 8, reach: 2200 },
  ),
  rule(
    'flag-secret',
    ['login '],
    String.raw`\b(?:cargo|vault|snyk|wandb|huggingface-cli|hf|railway|netlify|vercel|flyctl|sentry-cli|circleci)\s{1,4}(?:auth\s{1,4})?login\s{1,4}${WORD(512)}`,
    (secret) => random(secret),
  ),
  rule(
    'basic-auth',
    ['auth'],
    String.raw`\bauth\s?=\s?(?:\w{1,32}\.)?(?:HTTPBasicAuth)?\(\s?\\{0,3}["'][^"'\\]{1,128}\\{0,3}["']\s?,\s?\\{0,3}["']([^"'\\\n]{3,256})`,
    (secret) => strong(secret),
  ),
  rule(
    'password',
    ['/user:'],
    String.raw`\bnet\s{1,4}use\s[^\n|;]{0,200}?/user:[^\s]{1,128}\s{1,4}${WORD(256)}`,
    given,
    { back: 260 },
  ),
  rule(
    'password',
    ['htpasswd'],
    String.raw`\bhtpasswd\s{1,4}-[A-Za-z]{0,4}b[A-Za-z]{0,4}\s{1,4}(?:[^\s]{1,128}\s{1,4}){1,2}${WORD(256)}`,
    given,
  ),
  rule(
    'password',
    ['convertto-securestring'],
    String.raw`convertto-securestring\s{1,4}(?:-string\s{1,4})?${WORD(256)}`,
    given,
    {
      flags: 'i',
    },
  ),
  rule(
    'pgpass',
    [':5432:', ':6432:', ':5433:'],
    String.raw`[\w.*-]{1,128}:\d{4}:[\w*-]{1,64}:[\w*.-]{1,64}:([^\s:"'\\]{3,256})`,
    (secret) => strong(secret),
    { back: 140 },
  ),
  rule(
    'spoken-secret',
    ['password', 'passphrase', ' key', 'token', 'secret'],
    String.raw`\b(?:password|passphrase|api[ -]?key|access[ -]?key|secret[ -]?key|token|secret)\s(?:for\s[\w.@-]{1,64}\s)?(?:is|was|:|=)\s{1,2}\\{0,3}["'\x60]?([0-9A-Za-z!#$%&*+/=?@^_~.-]{6,512}[0-9A-Za-z!#$%&*+/=?@^_~-])`,
    (secret) =>
      strong(secret) &&
      /\d/.test(secret) &&
      /[A-Za-z]/.test(secret) &&
      !/^\d/.test(secret) &&
      !/^[a-z]+[_.-]?\d{1,4}$/i.test(secret),
    { flags: 'i' },
  ),
  rule(
    'keyed-secret',
    ['secret', 'auth', 'api'],
    String.raw`\b(?:secret[_-](?:access[_-])?key|auth[_-]?token|api[_-]?key|access[_-]?token)\s{1,4}([0-9A-Za-z+/_=-]{20,512})(?![0-9A-Za-z+/_=.-])`,
    (secret) => random(secret) && /[a-z]/.test(secret) && /[A-Z]/.test(secret),
    { flags: 'i' },
  ),
  // Keys in JSON, YAML, INI and code: a value that is a word is not a secret there.
  rule(
    'keyed-secret',
    NAMES,
    String.raw`(?<![A-Za-z])\\{0,3}["'][A-Za-z0-9_.-]{0,64}?${SECRET_NAME}\\{0,3}["']\s{0,3}(?::|=>)\s{0,3}(?:\\{0,3}"([^"\\\n]{6,2048})|\\{0,3}'([^'\\\n]{6,2048}))`,
    (secret) => strong(secret) && !/\s/.test(secret) && !/^[\w-]{1,40}[.:/][\w./:-]{1,80}$/.test(secret),
    { flags: 'i', back: 160, reach: 2300 },
  ),
  rule(
    'keyed-secret',
    NAMES,
    String.raw`(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,24}[_.-]){0,4}${SECRET_NAME}\s{0,3}(?::|=|:=)\s{0,3}\\{0,3}["']?([0-9A-Za-z+/_=.~!@#$%^*-]{16,512})(?![0-9A-Za-z+/_.(])`,
    (secret) =>
      random(secret) && !/^[A-Za-z_][\w]{0,40}[.(]/.test(secret) && !/^[a-z]+(?:[_-][a-z0-9]+)+$/i.test(secret),
    { flags: 'i', back: 160 },
  ),
  // Attributes of an OTLP request that was not understood: as JSON, and as the text between protobuf's tags.
  rule(
    'keyed-secret',
    NAMES,
    String.raw`"key"\s{0,3}:\s{0,3}"[^"\\]{0,80}${SECRET_NAME}"\s{0,3},\s{0,3}"value"\s{0,3}:\s{0,3}\{\s{0,3}"stringValue"\s{0,3}:\s{0,3}"((?:[^"\\]|\\.){4,2048})"`,
    (secret) => !isPlaceholder(secret),
    { flags: 'i', reach: 2300 },
  ),
  rule(
    'keyed-secret',
    NAMES,
    String.raw`${SECRET_NAME}\x12[^]{1,3}?\n[^]{1,2}?([\x21-\x7e]{4,2048})`,
    (secret) => !isPlaceholder(secret),
    {
      flags: 'i',
      reach: 2300,
    },
  ),
  // Connection strings and the files of programs that log in.
  rule(
    'connection-string',
    ['password=', 'pwd=', 'password =', 'accountkey=', 'accesskey=', 'signature='],
    String.raw`(?:[;'"\s])(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature|sharedsecretvalue)\s?=\s?([^;'"\\\n\s]{3,512})`,
    (secret, text, at) =>
      !isPlaceholder(secret) &&
      /(?:;|\b(?:host|server|user|uid|user id|dbname|port|data source|endpoint|accountname|sharedaccesskeyname)\s?=)/i.test(
        text.slice(Math.max(0, at - 240), at - 10),
      ),
    { flags: 'i', back: 260 },
  ),
  rule(
    'netrc',
    ['machine'],
    String.raw`\bmachine\s{1,4}[^\s"']{1,256}\s{1,8}(?:\\{1,2}\s)?login\s{1,4}[^\s"']{1,128}\s{1,8}(?:\\{1,2}\s)?password\s{1,4}([^\s"'\\]{3,256})`,
    (secret) => !isPlaceholder(secret),
  ),
  rule(
    'npmrc',
    ['_auth'],
    String.raw`_auth(?:token)?(?:\s{0,2}=\s{0,2}|\s{1,2})\\{0,3}["']?([^\s"'\\$]{8,512})`,
    (secret) => given(secret) && isMixed(secret),
    { flags: 'i' },
  ),
  rule(
    'docker-auth',
    ['auth'],
    String.raw`\\{0,3}"(?:identitytoken|registrytoken|auth)\\{0,3}"\s{0,2}:\s{0,2}\\{0,3}"([0-9A-Za-z+/=_.-]{12,4096})`,
    (secret) => isMixed(secret) && !isPlaceholder(secret),
    { reach: 4200 },
  ),
  rule(
    'kubeconfig',
    ['client-key-data', 'client-certificate-data'],
    String.raw`client-key-data\\{0,3}["']?\s{0,2}:\s{0,2}\\{0,3}["']?([0-9A-Za-z+/=]{40,8192})`,
    undefined,
    { reach: 8300 },
  ),
];

/** The text before a parameter's value: its name, and what precedes it. */
const PARAMETER = /([?&]|%3F|%26|\\u0026|["' ])([\w.%-]{1,64})=$/;
function isOfUrl(text: string, at: number): boolean {
  const [, mark = ''] = PARAMETER.exec(text.slice(Math.max(0, at - 72), at)) ?? [];
  return mark !== '' && !/["' ]/.test(mark);
}
/** The first field of a form, which nothing but a quote begins. */
function isOfForm(secret: string, text: string, at: number): boolean {
  const [, , name = ''] = PARAMETER.exec(text.slice(Math.max(0, at - 72), at)) ?? [];
  return (
    !/[(),]/.test(secret) &&
    ((/pass|secret|token$/i.test(name) && /\d/.test(secret) && strong(secret)) || random(secret))
  );
}

/** Base64 of `user:password`. */
function isEncodedPair(text: string): boolean {
  if (!/^[0-9A-Za-z+/]{8,400}={0,2}$/.test(text)) return false;
  try {
    return /^[\x20-\x7e]{1,128}:[\x20-\x7e]{1,256}$/.test(atob(text));
  } catch {
    return false;
  }
}
