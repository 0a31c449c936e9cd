/**
 * `npm run bench -- --part intake`: measures from the bytes of a request to the lines of its messages, within this
 * process: no HTTP, disk or bus.
 */
import { acceptRequest } from '../collector/intake/intake.ts';
import { mappingFor } from '../agents/index.ts';
import { readJson } from '../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../collector/otlp/protobuf/read-protobuf.ts';
import { createSessionActors } from '../collector/intake/session-actors.ts';
import { hash128, hashParts, sha256 } from '../platform/hash.ts';
import { capturedBodies, syntheticBodies } from './support/bodies.ts';
import { type Body, result } from './support/measure.ts';

const LOADS = {
  captures: () => capturedBodies({ signals: ['logs', 'traces'] }),
  codex_logs: () => capturedBodies({ agent: 'codex', signals: ['logs'] }),
  synthetic_200_spans: () => syntheticBodies(200),
};
const ROUND_RECORDS = 4_000;
/**
 * The first rounds are a warm-up. The best of the others is reported, since other work on the machine only adds time.
 */
const ROUNDS = 40;
const MEASURED = 25;

export function benchIntake(): void {
  const actors = createSessionActors('bench', hash128);
  for (const [name, bodiesOf] of Object.entries(LOADS)) {
    const bodies = bodiesOf();
    const costs = Array.from({ length: ROUNDS }, () => round(bodies, actors)).slice(-MEASURED);
    const [best] = costs.sort((a, b) => a.perRecord - b.perRecord);
    result(`intake.${name}`, best?.perRecord ?? NaN, 'cpu-µs/record');
    result(`intake.${name}.event`, best?.perEvent ?? NaN, 'cpu-µs/event');
  }
}

/** Returns the CPU time of one round, without creating its bodies. */
function round(
  bodies: readonly Body[],
  actors: ReturnType<typeof createSessionActors>,
): { readonly perRecord: number; readonly perEvent: number } {
  let records = 0;
  let events = 0;
  let spent = 0;
  for (let n = 0; records < ROUND_RECORDS; n += 1) {
    const { path, contentType, copy } = bodies[n % bodies.length] as Body;
    const body = copy(n);
    const before = process.cpuUsage();
    const taken = acceptRequest(
      {
        read: contentType.includes('json') ? readJson : readProtobuf,
        mappingFor,
        hash128: hashParts,
        sha256,
        actors,
        isKnown: () => false,
      },
      { tenant: 'bench', sender: 'bench', signal: path.slice(4) as 'logs' | 'traces', body, receivedAt: Date.now() },
    );
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
    records += taken.records;
    for (const message of taken.messages) events += message.events;
  }
  return { perRecord: spent / records, perEvent: spent / events };
}
