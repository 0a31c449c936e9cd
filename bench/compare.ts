/**
 * `npm run bench:compare -- --with DIR`: this build beside an older one, in turn, so that a slow spell of the machine meets both.
 * DIR is a checkout that has been built. Prints the ratio of the medians, this build over the other, for each figure that both have.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from 'simple-statistics';
import { packageRoot } from '../platform/files/package-root.ts';
import { result } from './support/measure.ts';

const { values } = parseArgs({
  options: {
    with: { type: 'string' },
    part: { type: 'string', multiple: true, default: ['intake', 'consumers'] },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '1000' },
  },
});
const rounds = Number(values.rounds);
if (values.with === undefined || !Number.isInteger(rounds) || rounds < 1) {
  console.error('bench:compare: --with names the folder of a built checkout, --rounds a whole number above 0');
  process.exit(2);
}

type Figures = Map<string, number[]>;

/** Runs one part of one build and adds its figures. */
function measure(folder: string, part: string, figures: Figures): void {
  const program = join(folder, 'dist', 'bench', 'run.js');
  const printed = execFileSync(process.execPath, [program, '--part', part, '--requests', values.requests], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const [, name = '', value] of printed.matchAll(/^RESULT (\S+) (\S+) /gm))
    figures.set(name, [...(figures.get(name) ?? []), Number(value)]);
}

for (const part of values.part) {
  const ours: Figures = new Map();
  const theirs: Figures = new Map();
  for (let round = 0; round < rounds; round += 1) {
    // Whichever is first finds a cooler machine: they change places.
    const order = [
      { folder: packageRoot, figures: ours },
      { folder: values.with, figures: theirs },
    ];
    for (const { folder, figures } of round % 2 === 0 ? order : order.reverse()) measure(folder, part, figures);
  }
  for (const [name, mine] of ours) {
    const other = theirs.get(name);
    if (other === undefined) continue;
    result(`${name}.this`, median(mine), 'as the part prints it');
    result(`${name}.other`, median(other), 'as the part prints it');
    result(`${name}.ratio`, median(mine) / median(other), 'times');
  }
}
