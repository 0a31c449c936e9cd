/** `vigil detections test | list`. */
import { type Feeder, feedersOf } from '../detector/coverage/agent-fields.ts';
import { SHIPPED_DETECTIONS, describeProblem, loadDetections } from '../detector/catalogue/load.ts';
import { testDetection } from '../detector/catalogue/test-detection.ts';
import { readConfig } from '../platform/config.ts';
import { hash128 } from '../platform/hash.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil detections <test|list> [--detections FOLDER] [--json]

  test   run every detection's own fixtures; exit code 1 when one fails or a file is broken
  list   print what is loaded: id, kind, severity, status, and which agents can feed it

  --detections FOLDER  your own detections, in addition to the shipped ones (default: VIGIL_DETECTIONS)
  --json               print each detection or fixture as one line of JSON`;

export async function detections(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(
    args,
    { detections: { type: 'string' }, json: { type: 'boolean' } },
    HELP,
    1,
  );
  const [verb] = positionals;
  if (verb !== 'test' && verb !== 'list') throw new UsageError(`test or list is required\n\n${HELP}`);
  const own = values.detections ?? readConfig().VIGIL_DETECTIONS;
  const { detections: loaded, problems } = await loadDetections(
    [SHIPPED_DETECTIONS, ...(own === undefined ? [] : [own])],
    { hash128 },
  );
  for (const problem of problems) console.error(`vigil: ${describeProblem(problem)}`);
  let failed = problems.length > 0;
  if (verb === 'list') {
    for (const { detection } of loaded) {
      const feeders = feedersOf(detection);
      const { id, title, kind, severity, status } = detection;
      if (values.json === true) console.log(JSON.stringify({ id, title, kind, severity, status, agents: feeders }));
      else
        console.log(
          `${id.padEnd(30)} ${kind.padEnd(11)} ${severity.padEnd(13)} ${status.padEnd(12)} ${feeders.map(describeFeeder).join(', ').padEnd(56)} ${title}`,
        );
    }
  } else {
    let fixtures = 0;
    for (const { detection, rule } of loaded) {
      for (const result of testDetection(detection, rule, { hash128 })) {
        fixtures += 1;
        failed ||= !result.passed;
        if (values.json === true) console.log(JSON.stringify({ id: detection.id, ...result }));
        else if (!result.passed)
          console.log(`FAIL ${detection.id} ${result.expected}[${result.number}]: ${result.detail}`);
      }
    }
    if (values.json !== true)
      console.log(
        `${loaded.length} detections, ${fixtures} fixtures, ${failed ? 'not all as expected' : 'all as expected'}`,
      );
  }
  process.exitCode = failed ? 1 : 0;
}

function describeFeeder({ agent, settings }: Feeder): string {
  return settings.length === 0 ? agent : `${agent} (${settings.join(' ')})`;
}
