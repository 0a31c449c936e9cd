/** Programs that encrypt, sign and keep keys. Options as in their manual pages. */
import { authorityAddress, withPort } from '../../hosts.ts';
import type { Arguments, OptionForms } from '../arguments.ts';
import { forNames, withOptions, type Programs } from '../call.ts';
import type { Findings } from '../findings.ts';

const GPG: OptionForms = {
  short: 'oruNz',
  long: [
    'output',
    'recipient',
    'hidden-recipient',
    'recipient-file',
    'local-user',
    'default-key',
    'homedir',
    'keyring',
    'passphrase',
    'passphrase-file',
    'passphrase-fd',
    'pinentry-mode',
    'cipher-algo',
    'digest-algo',
    'compress-algo',
    's2k-mode',
    'keyserver',
    'status-fd',
    'logger-fd',
    'log-file',
    'trust-model',
    'options',
    'set-filename',
    'batch-size',
  ],
};
/** Commands of gpg whose operands name keys, not files. */
const GPG_KEYS = [
  'k',
  'K',
  'list-keys',
  'list-public-keys',
  'list-secret-keys',
  'list-sigs',
  'check-sigs',
  'fingerprint',
  'export',
  'export-secret-keys',
  'export-secret-subkeys',
  'export-ssh-key',
  'delete-keys',
  'delete-secret-keys',
  'edit-key',
  'sign-key',
  'lsign-key',
  'recv-keys',
  'receive-keys',
  'send-keys',
  'search-keys',
  'refresh-keys',
  'locate-keys',
  'gen-key',
  'generate-key',
  'full-generate-key',
  'quick-generate-key',
  'version',
] as const;

/** Options of openssl's commands whose value is a file that is read or written. */
const OPENSSL_READS =
  /^-(?:in|inkey|CAfile|CA|CAkey|cert|key|certfile|config|extfile|kfile|signature|verify|prverify|sign|rand|untrusted)$/;
const OPENSSL_WRITES = /^-(?:out|keyout|sigout|writerand)$/;
/** Other options of openssl with a value. */
const OPENSSL_VALUES =
  /^-(?:k|K|iv|S|md|iter|pass|passin|passout|days|subj|newkey|pkeyopt|algorithm|inform|outform|keyform|certform|name|port|servername|set_serial|addext|reqexts|extensions|cipher|ciphersuites|hmac|macopt|mac|connect|host|alpn|starttls|nameopt|curve)$/;

export const ENCRYPTION: Programs = {
  ...forNames('gpg gpg2 gpgv', withOptions(GPG, gpg)),
  ...forNames(
    'age rage',
    withOptions({ short: 'rRio', long: ['recipient', 'recipients-file', 'identity', 'output'] }, (args, to) => {
      to.read(...args.values('R', 'recipients-file', 'i', 'identity'), ...args.operands.slice(0, 1));
      to.create(...args.values('o', 'output'));
    }),
  ),
  openssl: ({ arguments: words }, to) => {
    openssl(words, to);
  },
  'ssh-keygen': withOptions({ short: 'btfCNPmOIVDnasEzZRFWrwM' }, (args, to) => {
    const [key] = args.values('f');
    if (args.has('R')) to.file('update', key ?? '~/.ssh/known_hosts');
    else if (key === undefined) return;
    else if (args.has('p', 'c')) to.file('update', key);
    else if (args.has('y', 'l', 'e', 'i', 'B', 'F', 'L')) to.read(key);
    else if (args.has('s', 'Y')) to.read(key, ...args.operands);
    else to.create(key, `${key}.pub`);
  }),
};

/** Without a command, gpg decides by the file what to do with it; it reads the file in any case. */
function gpg(args: Arguments, to: Findings): void {
  const outputs = args.values('o', 'output');
  to.read(...args.values('passphrase-file', 'recipient-file'));
  to.create(...outputs);
  if (args.has(...GPG_KEYS)) return;
  to.read(...args.operands);
  if (outputs.length > 0 || args.has('d', 'decrypt', 'verify', 'import', 'print-md', 'list-packets')) return;
  const [file] = args.operands;
  if (file === undefined || file === '-') return;
  const isArmored = args.has('a', 'armor');
  if (args.has('c', 'symmetric', 'e', 'encrypt', 's', 'sign')) to.create(`${file}${isArmored ? '.asc' : '.gpg'}`);
  else if (args.has('clearsign', 'clear-sign')) to.create(`${file}.asc`);
  else if (args.has('b', 'detach-sign')) to.create(`${file}${isArmored ? '.asc' : '.sig'}`);
}

function openssl([command = '', ...words]: readonly string[], to: Findings): void {
  if (command === 's_client') {
    const after = (name: string): string | undefined => words[words.indexOf(name) + 1 || words.length];
    const target = after('-connect') ?? after('-host') ?? words.find((word) => /^[^-][^/]*:\d+$/.test(word));
    if (target !== undefined) to.network(withPort(authorityAddress(target, 'tls'), after('-port')));
  }
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const value = words[at + 1] ?? '';
    // Some options have a value with one command and none with another: `-sign`, `-verify`.
    if (/^-./.test(value) && !/^-(?:k|K|pass)$/.test(word)) continue;
    if (OPENSSL_READS.test(word)) to.read(value);
    else if (OPENSSL_WRITES.test(word)) to.create(value);
    else if (word.startsWith('-') && /^file:/.test(value)) to.read(value.slice('file:'.length));
    else if (!OPENSSL_VALUES.test(word)) {
      if (!word.startsWith('-') && /^(?:dgst|sha\d+|md5|verify)$/.test(command)) to.read(word);
      continue;
    }
    at += 1;
  }
}
