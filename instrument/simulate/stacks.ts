/**
 * Commands that agents run in repositories of different kinds, each with its weight. `{…}` is replaced for the
 * repository. Pure.
 */
export type Weighted = readonly (readonly [line: string, weight: number])[];

export interface Stack {
  readonly commands: Weighted;
  /** Paths below the repository. */
  readonly folders: readonly string[];
  readonly extension: string;
  /** Hosts on which its agents look things up or from which they fetch files. */
  readonly hosts: readonly string[];
}

/** Commands used in any repository. */
const EVERYWHERE: Weighted = [
  ['ls -la {folder}', 6],
  ['cat {file}', 6],
  ['grep -rn "{word}" {folder}', 9],
  ['rg {word} {folder}', 6],
  ['find {folder} -name "*{word}*"', 3],
  ["sed -n '1,120p' {file}", 7],
  ['wc -l {file}', 1],
  ['head -50 {file}', 2],
  ['git status --short', 9],
  ['git diff', 6],
  ['git diff --stat', 3],
  ['git log --oneline -10', 3],
  ['git add -A', 2],
  ['git commit -m "{message}"', 3],
  ['git checkout -b {branch}', 1],
  ['git pull --rebase', 1],
  ['git push', 1],
  ['git show HEAD --stat', 1],
  ['pwd', 1],
  ['mkdir -p {folder}/{word}', 1],
  ['rm -f /tmp/{word}.log', 0.5],
];

export const STACKS = {
  node: {
    commands: [
      ['npm test', 8],
      ['npx tsc --noEmit', 6],
      ['npm run lint', 4],
      ['npm run build', 3],
      ['npx vitest run {file}', 4],
      ['npx prettier --check {file}', 2],
      ['npm ci', 0.6],
      ['node {file}', 2],
      ['npm ls {word}', 0.5],
    ],
    folders: ['src', 'src/routes', 'src/store', 'test', 'scripts'],
    extension: 'ts',
    hosts: ['registry.npmjs.org', 'nodejs.org', 'developer.mozilla.org', 'api.github.com'],
  },
  python: {
    commands: [
      ['pytest -q', 8],
      ['pytest {file} -k {word}', 6],
      ['python -m mypy {folder}', 4],
      ['ruff check {folder}', 4],
      ['python {file}', 3],
      ['pip install -r requirements.txt', 0.6],
      ['python -c "import {word}"', 2],
    ],
    folders: ['app', 'app/models', 'app/api', 'tests', 'tools'],
    extension: 'py',
    hosts: ['pypi.org', 'docs.python.org', 'files.pythonhosted.org', 'api.github.com'],
  },
  go: {
    commands: [
      ['go test ./...', 9],
      ['go build ./...', 5],
      ['go vet ./...', 3],
      ['gofmt -l {folder}', 2],
      ['go run ./cmd/{word}', 2],
      ['go mod tidy', 0.7],
      ['golangci-lint run', 2],
    ],
    folders: ['cmd/server', 'internal/auth', 'internal/store', 'pkg/api'],
    extension: 'go',
    hosts: ['proxy.golang.org', 'pkg.go.dev', 'api.github.com'],
  },
  platform: {
    commands: [
      ['terraform plan', 4],
      ['terraform validate', 3],
      ['terraform fmt -check', 2],
      ['kubectl get pods -n {word}', 4],
      ['kubectl logs deploy/{word} --tail=100', 3],
      ['helm template charts/{word}', 2],
      ['docker compose ps', 1],
      ['make plan', 2],
      ['jq .version {file}', 1],
    ],
    folders: ['modules/network', 'modules/cluster', 'modules/storage', 'environments/staging'],
    extension: 'tf',
    hosts: ['registry.terraform.io', 'kubernetes.io', 'api.github.com'],
  },
} as const satisfies Readonly<Record<string, Stack>>;

export type StackName = keyof typeof STACKS;

export const WORDS = [
  'cart',
  'order',
  'invoice',
  'session',
  'token',
  'price',
  'stock',
  'report',
  'export',
  'queue',
  'retry',
  'cache',
  'user',
  'audit',
  'mailer',
  'search',
  'import',
  'schema',
  'policy',
  'notify',
] as const;
export const MESSAGES = [
  'fix: rounding of totals',
  'test: cover the empty case',
  'refactor: one way to read it',
  'feat: page the list',
  'docs: how to run it',
  'chore: tidy up',
] as const;

export function commandsOf(stack: StackName): Weighted {
  return [...EVERYWHERE, ...STACKS[stack].commands];
}
