import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createMetrics } from '../platform/metrics.ts';
import type { Log } from '../platform/log.ts';
import type { Alert } from '../schemas/records/alert.ts';
import { TOPICS } from '../schemas/topics.ts';
import { startDetector } from './detector.ts';
import { RULE_FILES, TOOLS, eventOf } from '../detector/test-support/arbitrary.ts';
import { createCluster } from '../detector/test-support/memory-cluster.ts';

const PARTITIONS = { [TOPICS.events]: 1, [TOPICS.alerts]: 1, [TOPICS.detectorState]: 1, [TOPICS.ruleSets]: 1 };
const fixtures = {
  fires: [{ commandLine: 'git status' }, { commandLine: 'git status -s' }],
  quiet: [{ commandLine: 'ls' }, { commandLine: 'id' }],
};
const git = (id: string) =>
  stringify({
    ...RULE_FILES.sudo,
    id,
    sigma: { selection: { commandLine: 'git status*' }, condition: 'selection' },
    fixtures,
  });

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-own-detections-'));
});
afterEach(() => rm(folder, { recursive: true }));

function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (message: string, fields: object = {}): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { lines, error: note, warn: note, info: note, debug: note, child: () => log };
  return log;
}

describe('the detector as a whole', () => {
  it('judges with the shipped and its owner’s detections, and loads changed files without a restart', async () => {
    const cluster = createCluster(PARTITIONS);
    const process = cluster.process();
    const log = recordingLog();
    await writeFile(join(folder, 'broken.yaml'), 'kind: match\n');
    const metrics = createMetrics();
    const detector = await startDetector({
      bus: process,
      log,
      metrics,
      config: { VIGIL_DETECTIONS: folder },
      clock: Date.now,
      reloadMs: 10,
    });
    let sent = 0;
    const git_ = async (): Promise<readonly string[]> => {
      sent += 1;
      const event = eventOf(0, sent, {
        eventId: TOOLS.hash128(`git ${sent}`),
        actor: 'a',
        sessionId: `s${sent}`,
        time: 1e12,
      });
      cluster.append([{ topic: TOPICS.events, key: 'acme/a', value: Buffer.from(JSON.stringify(event)) }]);
      await process.drained();
      return cluster
        .messages(TOPICS.alerts)
        .map(({ value }) => (JSON.parse(value.toString()) as Alert).sessionId ?? '');
    };
    try {
      expect(await git_()).toEqual([]);
      expect(log.lines.filter((line) => line.startsWith('detection rejected'))).toEqual([
        expect.stringMatching(/broken\.yaml:1: /),
      ]);

      // With a broken file present, the running rule set stays in force.
      await writeFile(join(folder, 'git.yaml'), git('own-git'));
      await until(() => log.lines.some((line) => line.startsWith('detections not reloaded')));
      expect(await git_()).toEqual([]);

      await rm(join(folder, 'broken.yaml'));
      await until(() => log.lines.some((line) => line.startsWith('detections reloaded')));
      await process.drained();
      expect(await git_()).toEqual(['s3']);
      expect(await metrics.exposition()).toMatch(/^detector_broken_detections 0$/m);
    } finally {
      await detector.stop();
    }
    expect(cluster.messages(TOPICS.detectorState).at(-1)?.key).toBe('["checkpoint"]');
  });

  it('reports in one sentence what is wrong with its folder', async () => {
    const process = createCluster(PARTITIONS).process();
    const missing = join(folder, 'nowhere');
    const starting = startDetector({
      bus: process,
      log: recordingLog(),
      metrics: createMetrics(),
      config: { VIGIL_DETECTIONS: missing },
      clock: Date.now,
    });
    await expect(starting).rejects.toMatchObject({
      code: 'BAD_DETECTIONS',
      message: expect.stringContaining(missing) as unknown,
    });
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
