/** Cmdlets of PowerShell with their aliases, and commands of cmd, that touch files or the network. */
import { looseAddress, urlAddress, type Address } from '../../hosts.ts';
import { baseName, forNames, inFolder, tableOf, type Call, type ProgramReader, type Programs } from '../call.ts';
import type { Findings } from '../findings.ts';
import { remoteName } from './http-clients.ts';

/** Parameters without a value; the value of any other is the next word. */
const SWITCHES =
  /^-(?:force|recurse|append|nonewline|raw|usebasicparsing|wait|passthru|verbose|debug|whatif|confirm|noclobber|skipcertificatecheck|disablekeepalive|container|allmatches|simplematch|quiet|asbytestream|resume|usedefaultcredentials|asynchronous|notmatch|list|tail|totalcount)\b/i;

class Parameters {
  readonly positional: string[] = [];
  readonly #named = new Map<string, string>();

  constructor(words: readonly string[]) {
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? '';
      const match = /^-([A-Za-z]{1,32})(?::(.*))?$/s.exec(word);
      if (match === null) this.positional.push(word);
      else if (match[2] !== undefined) this.#named.set((match[1] ?? '').toLowerCase(), match[2]);
      else if (!SWITCHES.test(word) || /^-(?:tail|totalcount)/i.test(word))
        this.#named.set((match[1] ?? '').toLowerCase(), words[++at] ?? '');
    }
  }

  /** Values of a parameter, lists split; a name may be shortened to any prefix. */
  list(name: string, position: number): readonly string[] {
    const named = [...this.#named].find(([written]) => name.startsWith(written) && written.length > 1);
    return (named?.[1] ?? this.positional[position] ?? '').split(',').map((path) => path.trim());
  }

  one(name: string): string | undefined {
    return [...this.#named].find(([written]) => name.startsWith(written) && written.length > 1)?.[1];
  }
}

type Cmdlet = (words: Parameters, to: Findings) => void;

const paths = (words: Parameters, position = 0): readonly string[] =>
  words.one('literalpath') === undefined ? words.list('path', position) : words.list('literalpath', position);

const CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'get-content gc type cat': (words, to) => {
    to.read(...paths(words));
  },
  'import-csv import-clixml get-filehash': (words, to) => {
    to.read(...paths(words));
  },
  'set-content sc export-csv export-clixml': (words, to) => {
    to.create(...paths(words));
  },
  'out-file tee-object tee': (words, to) => {
    to.create(...words.list('filepath', 0));
  },
  'add-content ac': (words, to) => {
    for (const path of paths(words)) to.file('update', path, 'append');
  },
  'clear-content clc': (words, to) => {
    for (const path of paths(words)) to.file('update', path);
  },
  'copy-item cpi cp copy': (words, to) => {
    pairs(words, (from, target) => {
      to.read(from);
      to.create(target);
    });
  },
  'move-item mi mv move': (words, to) => {
    pairs(words, (from, target) => {
      to.move(from, target);
    });
  },
  'remove-item ri rm rmdir del erase rd': (words, to) => {
    to.delete(...paths(words));
  },
  'new-item ni': (words, to) => {
    if (/^file$/i.test(words.one('itemtype') ?? words.one('type') ?? 'file')) to.create(...paths(words));
  },
  'compress-archive': (words, to) => {
    to.read(...paths(words));
    to.create(...words.list('destinationpath', 1));
  },
  'expand-archive': (words, to) => {
    to.read(...paths(words));
  },
  'invoke-webrequest iwr invoke-restmethod irm curl wget': (words, to) => {
    const [uri = ''] = words.list('uri', 0);
    const method = words.one('method') ?? words.one('custommethod') ?? 'GET';
    web(to, looseAddress(uri, 'http'), /^[A-Za-z]{1,32}$/.test(method) ? method.toUpperCase() : undefined);
    to.read(words.one('infile') ?? '');
    to.create(words.one('outfile') ?? '');
  },
  'start-bitstransfer': (words, to) => {
    const [source = ''] = words.list('source', 0);
    const [target = ''] = words.list('destination', 1);
    for (const text of [source, target]) to.network(urlAddress(text));
    if (urlAddress(source) === undefined) to.read(source);
    else if (urlAddress(target) === undefined) {
      const name = remoteName(source);
      if (!/(?:^|[\\/])\.{0,2}$/.test(target)) to.create(target);
      else if (name !== undefined && target !== '') to.create(inFolder(target, name));
    }
  },
  'test-netconnection tnc': (words, to) => {
    const [host = ''] = words.list('computername', 0);
    to.network(looseAddress(words.one('port') === undefined ? host : `${host}:${words.one('port') ?? ''}`, 'tcp'));
  },
};

/** A source and its target; into a folder where that ends in a slash. */
function pairs(words: Parameters, report: (from: string, target: string) => void): void {
  const [target = ''] = words.list(
    'destination',
    words.one('path') === undefined && words.one('literalpath') === undefined ? 1 : 0,
  );
  if (target === '') return;
  for (const from of paths(words))
    report(from, /(?:^|[\\/])\.{0,2}$/.test(target) ? inFolder(target, baseName(from)) : target);
}

function web(to: Findings, address: Address | undefined, method: string | undefined): void {
  to.network(address, /^https?$/.test(address?.protocol ?? '') ? method : undefined);
}

/** By cmdlet and alias, in lower case. */
export const POWERSHELL: Programs = tableOf(
  Object.entries(CMDLETS).map(([names, cmdlet]) =>
    forNames(names, ({ arguments: words }, to) => {
      cmdlet(new Parameters(words), to);
    }),
  ),
);

const operandsOf = ({ arguments: words }: Call): readonly string[] => words.filter((word) => !/^\/\S/.test(word));

const copyOf: (move: boolean) => ProgramReader = (isMove) => (call, to) => {
  const [from, target] = operandsOf(call);
  if (from === undefined || target === undefined) return;
  const path = /(?:^|[\\/])\.{0,2}$/.test(target) ? inFolder(target, baseName(from)) : target;
  if (isMove) to.move(from, path);
  else {
    to.read(from);
    to.create(path);
  }
};

/** Commands of cmd: options begin with a slash. */
export const CMD: Programs = {
  type: (call, to) => {
    to.read(...operandsOf(call));
  },
  ...forNames('more findstr', (call, to) => {
    to.read(...operandsOf(call).slice(call.name === 'findstr' ? 1 : 0));
  }),
  ...forNames('copy xcopy', copyOf(false)),
  ...forNames('move ren rename', copyOf(true)),
  ...forNames('del erase', (call, to) => {
    to.delete(...operandsOf(call));
  }),
  // Without `/s` only an empty folder is removed.
  ...forNames('rd rmdir', (call, to) => {
    if (call.arguments.some((word) => /^\/s$/i.test(word))) to.delete(...operandsOf(call));
  }),
};

/** Programs of Windows that both shells start. */
export const WINDOWS_PROGRAMS: Programs = {
  certutil: ({ arguments: words }, to) => {
    if (!words.some((word) => /^[-/](?:urlcache|verifyctl)$/i.test(word))) return;
    for (const word of words) web(to, urlAddress(word), 'GET');
    const at = words.findIndex((word) => urlAddress(word) !== undefined);
    if (at >= 0) to.create(words[at + 1] ?? '');
  },
  bitsadmin: ({ arguments: words }, to) => {
    for (const word of words) to.network(urlAddress(word));
  },
};
