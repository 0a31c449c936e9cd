/**
 * `npm run bench`: measures the cost of Vigil and prints it as `RESULT <name> <value> <unit>` lines. `--part` runs one
 * part only.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCollector } from './collector.ts';
import { benchCommandLines } from './command-lines.ts';
import { benchConsumers } from './consumers.ts';
import { benchEncryption } from './encryption.ts';
import { benchIntake } from './intake.ts';
import { benchLatency } from './latency.ts';
import { benchRedaction } from './redaction.ts';
import { benchSpool } from './spool.ts';
import { benchSync } from './sync.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    peer: { type: 'string' },
    'peer-config': { type: 'string' },
    kafka: { type: 'boolean', default: false },
    requests: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '2' },
    commands: { type: 'string' },
    'spool-gb': { type: 'string', default: '1' },
    show: { type: 'string', default: '0' },
  },
});
const requests = Number(values.requests);
const PARTS = ['commands', 'intake', 'collector', 'consumers', 'latency', 'redaction', 'spool', 'sync', 'encryption'];
const parts = values.part === undefined ? PARTS : [values.part];
const unknown = parts.find((part) => !PARTS.includes(part));
if (unknown !== undefined || !Number.isInteger(requests) || requests < 1) {
  console.error(`bench: --part must be one of ${PARTS.join(', ')}, --requests a whole number above 0`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
try {
  if (parts.includes('commands')) benchCommandLines({ path: values.commands, show: Number(values.show) });
  if (parts.includes('intake')) benchIntake();
  if (parts.includes('collector'))
    await benchCollector(folder, {
      requests,
      rounds: Number(values.rounds),
      kafka: values.kafka,
      peer: values.peer,
      peerConfig: values['peer-config'],
    });
  if (parts.includes('consumers')) await benchConsumers(folder, parts.includes('collector') ? undefined : requests);
  if (parts.includes('latency')) await benchLatency(folder);
  if (parts.includes('encryption')) await benchEncryption(folder, { requests, rounds: Number(values.rounds) });
  if (parts.includes('redaction')) benchRedaction(values.commands);
  if (parts.includes('sync')) await benchSync(folder, Number(values.rounds));
  if (parts.includes('spool')) await benchSpool(folder, Number(values['spool-gb']));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
