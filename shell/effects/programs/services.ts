/** Git, package managers, containers and clouds: the hosts that their words name, never a guessed one, and the files that they copy. */
import { scpAddress, urlAddress, canonicalHost, portOf, type Address } from '../../hosts.ts';
import { Arguments } from '../arguments.ts';
import { forNames, withOptions, type Call, type Programs } from '../call.ts';
import type { Findings } from '../findings.ts';
import { copies } from './remote-hosts.ts';

const PYTHON_PACKAGES = /^(?:install|download|wheel|index|add|sync|lock|run|compile|tool|search|upload|publish)$/;
/** Options that name an index, a registry or a source, of package managers. */
const INDEXES = [
  'index-url',
  'extra-index-url',
  'find-links',
  'index',
  'default-index',
  'registry',
  'repository-url',
  'source',
  'git',
  'repository',
  'add-source',
  'clear-sources',
  'url',
  'channel',
  'host',
];
/** Variables that do the same. */
const INDEX_VARIABLES =
  /^(?:PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|UV_INDEX_URL|UV_DEFAULT_INDEX|UV_EXTRA_INDEX_URL|NPM_CONFIG_REGISTRY|npm_config_registry|YARN_NPM_REGISTRY_SERVER|YARN_REGISTRY|GOPROXY|CARGO_REGISTRIES_\w+_INDEX)$/;

/** Package managers, and what of theirs connects to nothing. */
const PACKAGES =
  'pip pip3 pipx uv uvx poetry pdm npm npx pnpm pnpx yarn bun bunx cargo go gem bundle apt apt-get dnf yum apk zypper brew conda mamba composer nuget dotnet rpm helm deno luarocks cpanm';
const LOCAL =
  /^(?:config|set-script|list|ls|show|info|uninstall|remove|rm|test|build|version|help|freeze|check|fmt|vet|env|cache|init|pack|doc|clippy)$/;

const AWS_OPTIONS = [
  'endpoint-url',
  'region',
  'profile',
  'output',
  'query',
  'acl',
  'storage-class',
  'sse',
  'sse-kms-key-id',
  'exclude',
  'include',
  'content-type',
  'cache-control',
  'metadata',
];

export const SERVICES: Programs = {
  git: ({ arguments: words }, to) => {
    git(words, to);
  },
  ...forNames(PACKAGES, (call, to) => {
    packages(call, to);
  }),
  ...forNames('python python3', (call, to) => {
    const [flag, name] = call.arguments;
    if (flag === '-m' && /^(?:pip|uv|pipx|twine)$/.test(name ?? ''))
      packages({ ...call, arguments: call.arguments.slice(2) }, to);
  }),
  twine: (call, to) => {
    packages(call, to);
  },
  ...forNames('docker podman nerdctl', ({ arguments: words }, to) => {
    image(words, to);
  }),
  ...forNames('skopeo crane oras', ({ arguments: words }, to) => {
    for (const word of words) {
      const reference = word.replace(/^docker:\/\//, '');
      if (!word.startsWith('-')) to.network(registryOf(reference));
    }
  }),
  ...forNames('svn hg bzr fossil', ({ arguments: words }, to) => {
    for (const word of words) to.network(urlAddress(word));
  }),
  aws: withOptions({ long: AWS_OPTIONS }, (args, to) => {
    for (const url of args.values('endpoint-url')) to.network(urlAddress(url));
    const [service, action, ...operands] = args.operands;
    if (service === 's3' && /^(?:cp|mv|sync)$/.test(action ?? '')) copies(operands.slice(0, 2), noHost, to);
  }),
  gsutil: withOptions({ short: 'oh' }, ({ operands: [action, ...operands] }, to) => {
    if (/^(?:cp|mv|rsync)$/.test(action ?? '')) copies(operands, noHost, to);
  }),
  rclone: withOptions({ long: ['config', 'transfers', 'include', 'exclude', 'filter'] }, (args, to) => {
    const [action, ...operands] = args.operands;
    if (/^(?:copy|copyto|move|moveto|sync)$/.test(action ?? '')) copies(operands.slice(0, 2), noHost, to);
  }),
  az: withOptions({ short: 'u', long: ['url', 'uri', 'method'] }, (args, to) => {
    if (args.operands[0] === 'rest') for (const url of args.values('u', 'url', 'uri')) to.network(urlAddress(url));
  }),
  gh: withOptions({ short: 'h', long: ['hostname'] }, (args, to) => {
    for (const host of args.values('hostname')) to.network(urlAddress(`https://${host}`));
  }),
  ...forNames(
    'kubectl oc',
    withOptions({ short: 'snfl', long: ['server', 'namespace', 'context', 'kubeconfig', 'filename'] }, (args, to) => {
      for (const url of [...args.values('s', 'server', 'f', 'filename')]) to.network(urlAddress(url));
    }),
  ),
};

/** The host of a bucket is not in its address. */
const noHost = (): undefined => undefined;

const GIT_GLOBAL = /^(?:-C|-c|--git-dir|--work-tree|--namespace|--super-prefix|--config-env|--exec-path)$/;
const GIT_OPTIONS = {
  short: 'bcojuC',
  long: [
    'branch',
    'origin',
    'depth',
    'config',
    'reference',
    'template',
    'jobs',
    'shallow-since',
    'filter',
    'upload-pack',
    'receive-pack',
    'server-option',
    'push-option',
    'name',
    'remote',
    'separate-git-dir',
    'output',
    'source',
    'format',
    'prefix',
  ],
};

function git(words: readonly string[], to: Findings): void {
  let at = 0;
  while (words[at]?.startsWith('-') === true) at += GIT_GLOBAL.test(words[at] ?? '') ? 2 : 1;
  const folders = words.flatMap((word, index) => (index < at && word === '-C' ? [words[index + 1] ?? ''] : []));
  const [action, ...rest] = words.slice(at);
  const args = new Arguments(rest, GIT_OPTIONS);
  const { operands } = args;
  const folder = folders.reduce<string | undefined>((_, path) => to.folderAt(path), to.folderAt('.'));
  switch (action) {
    case 'clone':
    case 'fetch':
    case 'pull':
    case 'push':
    case 'ls-remote':
      to.network(repository(operands[0] ?? ''));
      return;
    case 'submodule':
      if (operands[0] === 'add') to.network(repository(operands[1] ?? ''));
      return;
    case 'remote':
      // Adding a remote connects to it only with `-f`.
      if (operands[0] === 'add' && args.has('f', 'fetch')) to.network(repository(operands[2] ?? ''));
      return;
    case 'archive':
      for (const remote of args.values('remote')) to.network(repository(remote));
      to.within(folder, () => {
        to.create(...args.values('o', 'output'));
      });
      return;
    case 'apply':
    case 'am':
      to.within(folder, () => {
        to.read(...operands);
      });
      return;
    case 'checkout': {
      const at = rest.indexOf('--');
      if (at < 0) return;
      to.within(folder, () => {
        for (const path of rest.slice(at + 1)) to.file('update', path);
      });
      return;
    }
    case 'restore':
      if (args.has('S', 'staged') && !args.has('W', 'worktree')) return;
      to.within(folder, () => {
        for (const path of operands) to.file('update', path);
      });
      return;
    case 'rm':
      if (!args.has('cached', 'n', 'dry-run')) to.within(folder, () => to.delete(...operands));
      return;
    case 'mv': {
      const [from, target, ...more] = operands;
      if (from === undefined || target === undefined || more.length > 0 || args.has('n', 'dry-run')) return;
      to.within(folder, () => to.move(from, target));
      return;
    }
    default:
  }
}

/** The host of a repository given by its address; the name of a remote says nothing. */
function repository(text: string): Address | undefined {
  return text.includes('://') ? urlAddress(text) : scpAddress(text, 'ssh');
}

function packages(call: Call, to: Findings): void {
  const { name, arguments: words, assignments } = call;
  const args = new Arguments(words, {
    short: /^(?:pip|uv|pipx|python)/.test(name) ? 'ifrc' : name === 'gem' ? 's' : 'cX',
    long: INDEXES,
  });
  const [action = ''] = args.operands;
  if (LOCAL.test(action) || (/^(?:pip|python)/.test(name) && !PYTHON_PACKAGES.test(action))) return;
  for (const value of args.values('i', 'f', 's', 'c', 'X', ...INDEXES)) to.network(urlAddress(value));
  for (const word of args.operands) to.network(packageSource(word));
  for (const { name: variable, value } of assignments)
    if (INDEX_VARIABLES.test(variable)) to.network(urlAddress(value.split(/[,|\s]/)[0] ?? ''));
}

/** `git+https://…`, `https://….tgz`, `name @ https://…`, `git@host:path`. */
function packageSource(word: string): Address | undefined {
  const at = /^[\w.[\],-]{1,128}\s*@\s*(\S+:\/\/.*)$/.exec(word)?.[1];
  return urlAddress(at ?? word) ?? (/^git@/.test(word) ? scpAddress(word, 'ssh') : undefined);
}

/** `docker pull registry.example:5000/app`: the registry, where the name of the image holds it. */
function image(words: readonly string[], to: Findings): void {
  const args = new Arguments(words, {
    short: 'HclupD',
    long: ['host', 'context', 'username', 'password', 'platform', 'config'],
  });
  const [action, ...operands] = args.operands[0] === 'image' ? args.operands.slice(1) : args.operands;
  for (const host of args.values('H', 'host')) if (!host.startsWith('unix:')) to.network(urlAddress(host));
  if (action === 'cp') copies(operands, noHost, to);
  const [target] = operands;
  if (target === undefined) return;
  if (action === 'pull' || action === 'push') to.network(registryOf(target));
  else if (action === 'login') to.network(urlAddress(target) ?? registryOf(`${target}/`));
}

/** The part before the first slash is a registry when it holds a dot or a port, or is `localhost` (reference grammar of distribution). */
function registryOf(reference: string): Address | undefined {
  const match = /^([^/]+)\//.exec(reference)?.[1];
  if (match === undefined || !(match === 'localhost' || /[.:]/.test(match))) return undefined;
  const [name = '', port] = match.split(':');
  const host = canonicalHost(name);
  if (host === undefined) return undefined;
  return { host, port: portOf(port) ?? 443, protocol: 'https' };
}
