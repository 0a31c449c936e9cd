/**
 * Fails on an import that points upwards, on a circle, and on a folder with more loose sources than a reader takes in.
 *
 * A level is one folder: its loose files and its subfolders, each a node, with the imports between them. A circle on any level
 * is an error, so a base type must be in a file below everything that uses it. Tests and what only tests use are exempt.
 *
 *   node test/structure/check.mjs
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { ENTRANCES, ROOMS } from './rooms.mjs';

const MOST_LOOSE = 12;
/** Folders whose files are a list: a reader looks one up by name. */
const LISTS = [/^cli$/, /^detector\/kinds$/, /^notifier\/destinations$/, /^store\/migrations$/, /^test$/, /^bench$/];

const isExempt = (file) => /\.test\.tsx?$|(?:^|\/)(?:test-support|testing|fixtures|captures)\/|\.d\.ts$/.test(file);
const sources = execFileSync('git', ['ls-files', '-z', '*.ts', '*.tsx', '*.mjs'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => file.includes('/') && !isExempt(file) && existsSync(file));
const known = new Set(sources);

const IMPORT = /(?:^|[\s;}])(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** Paths of this repository that a file imports, types included. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)]
    .map(([, specifier]) => normalize(join(dirname(file), specifier)))
    .filter((path) => known.has(path));
}

const edges = sources.flatMap((from) => importsOf(from).map((to) => ({ from, to })));
const problems = [...upwards(), ...circles(), ...crowds()];
for (const problem of problems) console.error(problem);
console.log(`${sources.length} sources, ${edges.length} imports, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function roomOf(file) {
  return file.split('/')[0];
}

function* upwards() {
  for (const { from, to } of edges) {
    const [room, other] = [roomOf(from), roomOf(to)];
    if (room === other || !(room in ROOMS)) continue;
    const { imports } = ROOMS[room];
    if (imports !== 'all' && !imports.includes(other)) yield `upwards: ${from} imports ${to}`;
    const entrance = ENTRANCES[other];
    if (entrance?.for.includes(room) && !entrance.paths.some((path) => to === path || to.startsWith(`${path}/`)))
      yield `past the entrance: ${from} imports ${to}; ${room}/ may import ${entrance.paths.join(', ')}`;
  }
}

/** The node of a level that holds a file, or undefined where the file is not below the level. */
function nodeIn(folder, file) {
  if (!file.startsWith(`${folder}/`)) return undefined;
  const [name] = file.slice(folder.length + 1).split('/');
  return name;
}

function* circles() {
  const folders = new Set(sources.flatMap((file) => ancestorsOf(file)));
  for (const folder of folders) {
    const arrows = new Map();
    for (const { from, to } of edges) {
      const [a, b] = [nodeIn(folder, from), nodeIn(folder, to)];
      if (a === undefined || b === undefined || a === b) continue;
      if (!arrows.has(a)) arrows.set(a, new Map());
      if (!arrows.get(a).has(b)) arrows.get(a).set(b, `${from} -> ${to}`);
    }
    const circle = findCircle(arrows);
    if (circle === undefined) continue;
    const steps = circle.map((node, index) => arrows.get(node).get(circle[(index + 1) % circle.length]));
    yield `circle in ${folder}/: ${[...circle, circle[0]].join(' -> ')}\n    ${steps.join('\n    ')}`;
  }
}

function ancestorsOf(file) {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** A shortest circle, as its nodes in order; undefined where there is none. */
function findCircle(arrows) {
  let shortest;
  for (const start of arrows.keys()) {
    const cameFrom = new Map();
    const queue = [start];
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      for (const next of arrows.get(node)?.keys() ?? []) {
        if (next === start) {
          const path = [node];
          while (path[0] !== start) path.unshift(cameFrom.get(path[0]));
          if (shortest === undefined || path.length < shortest.length) shortest = path;
        } else if (!cameFrom.has(next)) {
          cameFrom.set(next, node);
          queue.push(next);
        }
      }
    }
  }
  return shortest;
}

function* crowds() {
  const loose = new Map();
  for (const file of sources) {
    const folder = dirname(file);
    if (LISTS.some((list) => list.test(folder))) continue;
    loose.set(folder, (loose.get(folder) ?? 0) + 1);
  }
  for (const [folder, count] of loose)
    if (count > MOST_LOOSE) yield `crowded: ${folder}/ has ${count} loose sources, at most ${MOST_LOOSE}`;
}
