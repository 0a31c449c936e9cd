/** Every page: its links, the paths, scripts and settings that it names. And the pages that the sources name. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, it } from '@jest/globals';
import { ConfigSchema } from '../../platform/config.ts';
import { packageRoot } from '../../platform/files/package-root.ts';
import { anchorsOf, isThere, linksOf, npmScriptsOf, pathsOf, settingsOf } from './markdown.ts';

const FOLDERS = readdirSync(packageRoot, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(?:\.git|node_modules|dist|data)$/.test(entry.name))
  .map(({ name }) => name);
const FILES = [
  ...readdirSync(packageRoot, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])),
  ...FOLDERS.flatMap((folder) => below(folder)),
];
const PATHS = new Set([...FILES, ...FOLDERS, ...FILES.flatMap(foldersOf)]);
const PAGES = FILES.filter((file) => file.endsWith('.md'));
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
/** Settings of tests and tools, which no role reads. */
const OTHER_SETTINGS = ['VIGIL_REQUIRE_ALL'];

function read(file: string): string {
  return readFileSync(join(packageRoot, file), 'utf8');
}

function below(folder: string): readonly string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name).slice(packageRoot.length + 1));
}

function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('has links that lead somewhere', () => {
    const broken = linksOf(text).filter(({ target }) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '');
      if (!PATHS.has(file)) return true;
      return anchor !== undefined && !(file.endsWith('.md') && anchorsOf(read(file)).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('names paths, scripts and settings that exist', () => {
    expect(pathsOf(text, FOLDERS).filter(({ target }) => !isThere(target, PATHS))).toEqual([]);
    expect(npmScriptsOf(text).filter((name) => scripts[name] === undefined)).toEqual([]);
    const settings = new Set([...Object.keys(ConfigSchema.shape), ...OTHER_SETTINGS]);
    expect(settingsOf(text).filter((name) => !settings.has(name))).toEqual([]);
  });
});

it('is named by the sources where it is', () => {
  const sources = FILES.filter(
    (file) => /\.(?:tsx?|mjs|ya?ml)$/.test(file) && !/^test\/|\.test\.ts$|\/detections\//.test(file),
  );
  const missing = sources.flatMap((file) =>
    [...read(file).matchAll(/(?<![\w./-])docs\/(?:[a-z-]+\/)?[a-z0-9-]+\.md/g)]
      .map(([name]) => name)
      .filter((name) => !PATHS.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(missing).toEqual([]);
});

describe('anchors', () => {
  it.each([
    ['## Health', 'health'],
    ['## GET /v1/alerts/{alertId}', 'get-v1alertsalertid'],
    ['### `vigil up`, [more](x.md)', 'vigil-up-more'],
    ['# A\n# A', 'a-1'],
  ])('%j has %s', (page, anchor) => {
    expect([...anchorsOf(page)]).toContain(anchor);
  });

  it('are not made in fenced code', () => {
    expect([...anchorsOf('```bash\n# a comment\n```\n# Title')]).toEqual(['title']);
  });
});

it('reads placeholders in paths', () => {
  const paths = new Set(['agents/codex/mapping.ts', 'store/recorder']);
  expect(
    ['agents/<agent>/mapping.ts', 'agents/*/mapping.ts', 'store/recorder/', 'store/{recorder,x}'].map((path) =>
      isThere(path, paths),
    ),
  ).toEqual([true, true, true, true]);
  expect(isThere('agents/<agent>/setup.ts', paths)).toBe(false);
});
