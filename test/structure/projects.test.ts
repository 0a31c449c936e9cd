/** Each test file is in one of Jest's projects, and a unit test loads nothing that starts a service, a process or a browser. */
import { expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { packageRoot } from '../../platform/files/package-root.ts';
import config from '../../jest.config.mjs';

const { roots } = config.projects[0];
const tests = roots
  .map((root) => root.replace('<rootDir>', packageRoot))
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => join(root, path)))
  .filter((path) => /\.test\.tsx?$/.test(path));

const projectsOf = (path: string): readonly string[] =>
  config.projects
    .filter(
      ({ testRegex, testPathIgnorePatterns = [] }) =>
        new RegExp(testRegex).test(path) && !testPathIgnorePatterns.some((pattern) => new RegExp(pattern).test(path)),
    )
    .map(({ displayName }) => displayName);

const IMPORT = /^(?!import type )(?:import|export|\} from|.*\bimport\().*?['"]([^'"]+)['"]/gm;
const known = new Map<string, readonly string[]>();
/** What a file imports as values: paths and names of packages. */
function importsOf(path: string): readonly string[] {
  const imports =
    known.get(path) ??
    [...readFileSync(path, 'utf8').matchAll(IMPORT)].map(([, name = '']) =>
      name.startsWith('.') ? join(dirname(path), name) : name,
    );
  known.set(path, imports);
  return imports;
}

/** Everything that a test loads, with what it is loaded by. */
function loadedBy(test: string): ReadonlyMap<string, string> {
  const loaded = new Map<string, string>();
  const queue = [test];
  for (let path = queue.pop(); path !== undefined; path = queue.pop())
    for (const name of existsSync(path) && /\.m?tsx?$/.test(path) ? importsOf(path) : [])
      if (!loaded.has(name)) {
        loaded.set(name, path);
        queue.push(name);
      }
  return loaded;
}

const NOT_IN_A_UNIT = /^(?:node:)?child_process$|^chdb|^playwright|\/test\/support\/kafka\//;

it('each test file is in one project', () => {
  expect(tests.length).toBeGreaterThan(150);
  expect(tests.filter((path) => projectsOf(path).length !== 1)).toEqual([]);
});

it('the name of a file decides', () => {
  const at = (path: string): string => projectsOf(join(packageRoot, path)).join();
  expect([at('shell/a.test.ts'), at('test/kill/a.test.ts')]).toEqual(['unit', 'unit']);
  expect([at('store/a.engine.test.ts'), at('test/a.engine.test.ts')]).toEqual(['engines', 'engines']);
  expect([at('test/a.test.ts'), at('shell/a.process.test.ts'), at('dashboards/web/a.browser.test.ts')]).toEqual(
    Array(3).fill('processes'),
  );
});

it('a unit test starts no service, no process and no browser', () => {
  const problems = tests
    .filter((path) => projectsOf(path).includes('unit'))
    .flatMap((test) =>
      [...loadedBy(test)]
        .filter(([name]) => NOT_IN_A_UNIT.test(name))
        .map(([name, by]) => `${relative(packageRoot, test)} loads ${name} by ${relative(packageRoot, by)}`),
    );
  expect(problems).toEqual([]);
});
