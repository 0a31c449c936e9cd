/**
 * What is wrong with the structure of a tree of sources: an import that points upwards, a circle, a folder with more loose
 * sources than a reader can survey.
 *
 * A level is one folder: its loose files and its subfolders, each a node, with the imports between them. A circle on any level
 * is an error, so a base type must be in a file below everything that uses it. Tests and what only tests use are exempt.
 */
import { dirname, join, normalize } from 'node:path/posix';

/** A dozen. */
const MOST_LOOSE = 12;
/** Folders whose files are a list: a reader looks one up by name. */
const LISTS = [/^cli$/, /^detector\/kinds$/, /^notifier\/destinations$/, /^store\/migrations$/, /^test$/, /^bench$/];

const EXEMPT = /\.test\.tsx?$|(?:^|\/)(?:test-support|testing|fixtures|captures)\/|\.d\.ts$/;
const IMPORT = /(?:^|[\s;}])(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/**
 * @param files paths from the root of the tree, with slashes
 * @param read text of one of them
 * @param rules `rooms`: by room what it may import; `entrances`: by room the only paths that some others may import
 * @returns `problems`: one sentence each; `sources` and `imports`: how many were looked at
 */
export function examine(files, read, { rooms, entrances }) {
  const sources = files.filter((file) => file.includes('/') && !EXEMPT.test(file));
  const known = new Set(sources);
  const edges = sources.flatMap((from) =>
    [...read(from).matchAll(IMPORT)]
      .map(([, specifier]) => ({ from, to: normalize(join(dirname(from), specifier)) }))
      .filter(({ to }) => known.has(to)),
  );
  const problems = [...upwards(edges, rooms, entrances), ...circles(sources, edges), ...crowds(sources)];
  return { problems, sources: sources.length, imports: edges.length };
}

const roomOf = (file) => file.split('/')[0];

function* upwards(edges, rooms, entrances) {
  for (const { from, to } of edges) {
    const [room, other] = [roomOf(from), roomOf(to)];
    if (room === other) continue;
    const imports = rooms[room]?.imports;
    if (imports === undefined) yield `no room: ${from} is in ${room}/, which test/structure/rooms.mjs does not know`;
    else if (imports !== 'all' && !imports.includes(other)) yield `upwards: ${from} imports ${to}`;
    const entrance = entrances[other];
    if (entrance?.for.includes(room) && !entrance.paths.some((path) => to === path || to.startsWith(`${path}/`)))
      yield `past the entrance: ${from} imports ${to}; ${room}/ may import ${entrance.paths.join(', ')}`;
  }
}

/** The node of a level that holds a file, or undefined where the file is not below the level. */
function nodeIn(folder, file) {
  return file.startsWith(`${folder}/`) ? file.slice(folder.length + 1).split('/')[0] : undefined;
}

function* circles(sources, edges) {
  for (const folder of new Set(sources.flatMap(ancestorsOf))) {
    const arrows = new Map();
    for (const { from, to } of edges) {
      const [a, b] = [nodeIn(folder, from), nodeIn(folder, to)];
      if (a === undefined || b === undefined || a === b) continue;
      if (!arrows.has(a)) arrows.set(a, new Map());
      if (!arrows.get(a).has(b)) arrows.get(a).set(b, `${from} -> ${to}`);
    }
    const circle = shortestCircle(arrows);
    if (circle === undefined) continue;
    const steps = circle.map((node, index) => arrows.get(node).get(circle[(index + 1) % circle.length]));
    yield `circle in ${folder}/: ${[...circle, circle[0]].join(' -> ')}\n    ${steps.join('\n    ')}`;
  }
}

function ancestorsOf(file) {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The nodes of a shortest circle in order; undefined where there is none. */
function shortestCircle(arrows) {
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

function* crowds(sources) {
  const loose = new Map();
  for (const file of sources) {
    const folder = dirname(file);
    if (!LISTS.some((list) => list.test(folder))) loose.set(folder, (loose.get(folder) ?? 0) + 1);
  }
  for (const [folder, count] of loose)
    if (count > MOST_LOOSE) yield `crowded: ${folder}/ has ${count} loose sources, at most ${MOST_LOOSE}`;
}
