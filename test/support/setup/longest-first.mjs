/** Starts what takes longest first, so that at the end of a run no worker waits for the other. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';

const PROJECTS = ['processes', 'engines', 'unit'];
/** The longest of each project, longest first. Of the others the larger file comes first. */
const LONGEST = [
  'demo',
  'kafka-away',
  'cluster',
  'commands',
  'simulate',
  'completeness',
  'redaction',
  'embedded-log.process',
  'access',
  'instrument',
  'ledger',
  'backtest-input',
  'encryption',
  'rejects',
  'reading',
  'pipeline',
  'doctor',
  'backtest',
  'start-stop',
  'kafka-bus.engine',
  'kafka-security.engine',
  'kill.engine',
  'robustness',
  'find-secrets',
  'hostile-input',
];

const rankIn = (list, value) => (list.includes(value) ? list.indexOf(value) : list.length);
const projectOf = ({ context }) => context.config.displayName?.name ?? '';
const nameOf = ({ path }) => basename(path, '.test.ts');

const bytesOf = ({ path }) => statSync(path).size;

export default class LongestFirst {
  sort(tests) {
    return tests.toSorted(
      (a, b) =>
        rankIn(PROJECTS, projectOf(a)) - rankIn(PROJECTS, projectOf(b)) ||
        rankIn(LONGEST, nameOf(a)) - rankIn(LONGEST, nameOf(b)) ||
        bytesOf(b) - bytesOf(a),
    );
  }

  shard(tests, { shardIndex, shardCount }) {
    return tests.filter((_, number) => number % shardCount === shardIndex - 1);
  }

  /** Durations and failures of earlier runs are not kept, so `--onlyFailures` runs everything. */
  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
