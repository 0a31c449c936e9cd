import { describe, expect, it } from '@jest/globals';
import { Detection, type DetectionFile, detectionJsonSchema } from './detection.ts';

const common = {
  id: 'bytes-out',
  title: 'Far more sent than usual',
  status: 'test',
  severity: 'high',
  description: 'Bytes sent in an hour',
  falsePositives: ['A release day'],
  blindSpots: ['Slow leaks'],
  triage: ['Where to?'],
  attack: ['T1048'],
  requires: ['bytesOut'],
  fixtures: { fires: [{ bytesOut: 1 }, [{ bytesOut: 2 }]], quiet: [{ bytesOut: 1 }, { bytesOut: 3 }] },
} satisfies Partial<DetectionFile>;

const baseline = {
  ...common,
  kind: 'baseline',
  feature: 'sum(bytesOut)',
  where: { category: 'network' },
  per: 'actor',
  window: '1h',
  season: ['hour-of-day'],
  atLeast: '50 MiB',
  budget: '1 per 30 actor-days',
  prior: { median: '100 KB', spread: 4, weight: 20 },
} satisfies DetectionFile;

describe('a detection file', () => {
  it('converts durations, sizes and budgets to numbers', () => {
    expect(Detection.parse(baseline)).toMatchObject({
      window: 3_600_000,
      atLeast: 50 * 2 ** 20,
      budget: { entity: 'actor', alertsPerDay: 1 / 30 },
      feature: { kind: 'sum', field: 'bytesOut' },
      prior: { median: 100_000 },
      direction: 'high',
      minimumSamples: 20,
    });
  });

  it.each([
    { name: 'an unknown key', change: { windw: '1h' }, says: 'windw' },
    { name: 'a duration without a unit', change: { window: '60' }, says: '90s, 10m' },
    { name: 'a window of seconds', change: { window: '30s' }, says: 'between 1m and 7d' },
    { name: 'a sum of text', change: { feature: 'sum(filePath)' }, says: 'sum(…)' },
    { name: 'a feature that is code', change: { feature: 'constructor()' }, says: 'a feature is' },
    { name: 'a budget for another entity', change: { budget: '1 per session-day' }, says: '`per`' },
    { name: 'a budget of zero', change: { budget: '0 per actor-day' }, says: 'above zero' },
    {
      name: 'a single quiet fixture',
      change: { fixtures: { ...common.fixtures, quiet: [{ bytesOut: 1 }] } },
      says: '2',
    },
    {
      name: 'a misspelt field in a fixture',
      change: { fixtures: { ...common.fixtures, quiet: [{ bytesOut: 1 }, { bytesout: 1 }] } },
      says: 'bytesout',
    },
    {
      name: 'a misspelt key in a step',
      change: {
        fixtures: { ...common.fixtures, quiet: [{ bytesOut: 1 }, [{ evnt: {}, repeat: { times: 2, every: '1h' } }]] },
      },
      says: 'evnt',
    },
    { name: 'a required field that no event has', change: { requires: ['bytes'] }, says: 'requires' },
  ])('rejects $name', ({ change, says }) => {
    const error = Detection.safeParse({ ...baseline, ...change }).error;
    expect(JSON.stringify(error?.issues ?? 'accepted')).toContain(says);
  });

  it('has a JSON Schema with a description for every non-obvious property', () => {
    const schema = JSON.stringify(detectionJsonSchema());
    expect(schema).toContain('How often it may fire for one entity when nothing is wrong');
    expect(schema).toContain('Values that a field cycles through');
  });
});
