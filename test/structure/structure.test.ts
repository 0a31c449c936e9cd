/** The structure check finds each kind of fault in a small tree that has it. */
import { expect, it } from '@jest/globals';
import { examine } from './structure.mjs';

const rules = {
  rooms: { ground: { imports: [] }, house: { imports: ['ground'] }, roof: { imports: 'all' as const } },
  entrances: { house: { for: ['ground', 'roof'], paths: ['house/index.ts'] } },
};

function problemsIn(tree: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const text = (file: string): string => (tree[file] ?? []).map((path) => `import { x } from '${path}';\n`).join('');
  return examine(Object.keys(tree), text, rules).problems;
}

it.each([
  { name: 'imports that point down', tree: { 'ground/a.ts': [], 'house/b.ts': ['../ground/a.ts'] }, problems: [] },
  {
    name: 'an import that points upwards',
    tree: { 'ground/a.ts': ['../house/index.ts'], 'house/index.ts': [] },
    problems: ['upwards: ground/a.ts imports house/index.ts'],
  },
  {
    name: 'an import past the entrance',
    tree: { 'house/index.ts': [], 'house/b.ts': [], 'roof/c.ts': ['../house/b.ts', '../house/index.ts'] },
    problems: ['past the entrance: roof/c.ts imports house/b.ts; roof/ may import house/index.ts'],
  },
  {
    name: 'a circle of files',
    tree: { 'house/a.ts': ['./b.ts'], 'house/b.ts': ['./a.ts'] },
    problems: ['circle in house/: a.ts -> b.ts -> a.ts\n    house/a.ts -> house/b.ts\n    house/b.ts -> house/a.ts'],
  },
  {
    name: 'a circle of folders, though no file is in one',
    tree: { 'house/x/a.ts': ['../y/b.ts'], 'house/y/b.ts': [], 'house/y/c.ts': ['../x/d.ts'], 'house/x/d.ts': [] },
    problems: ['circle in house/: x -> y -> x\n    house/x/a.ts -> house/y/b.ts\n    house/y/c.ts -> house/x/d.ts'],
  },
  {
    name: 'what only tests import',
    tree: { 'ground/a.test.ts': ['../house/b.ts'], 'house/b.ts': [], 'ground/test-support/c.ts': ['../../house/b.ts'] },
    problems: [],
  },
  {
    name: 'a folder that no room has',
    tree: { 'cellar/a.ts': ['../ground/b.ts'], 'ground/b.ts': [] },
    problems: ['no room: cellar/a.ts is in cellar/, which test/structure/rooms.mjs does not know'],
  },
])('$name', ({ tree, problems }) => {
  expect(problemsIn(tree as Readonly<Record<string, readonly string[]>>)).toEqual(problems);
});

it('counts loose sources, and not tests', () => {
  const folder = (count: number): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        [`house/${index}.ts`, []],
        [`house/${index}.test.ts`, []],
      ]).flat() as [string, readonly string[]][],
    );
  expect(problemsIn(folder(12))).toEqual([]);
  expect(problemsIn(folder(13))).toEqual(['crowded: house/ has 13 loose sources, at most 12']);
});
