/** `docs/reference/metrics.md` lists every metric that the code registers. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { packageRoot } from '../../platform/files/package-root.ts';
import { type Registration, registrationsIn } from './metric-registrations.ts';
import { generatedNote, referencePage, tableCell } from './reference-page.ts';

const ROOMS = ['access', 'audit', 'collector', 'detector', 'platform', 'roles', 'store'];
const SECTIONS: readonly (readonly [prefix: string, title: string, at: string])[] = [
  ['collector_', 'Collector', 'its OTLP/HTTP port (4318)'],
  ['detector_', 'Detector', '`VIGIL_ADMIN_PORT`'],
  ['recorder_', 'Recorder', '`VIGIL_ADMIN_PORT`; the warehouse role of `vigil up` serves them with the audit API'],
  ['audit_', 'Audit API', 'its port (8080)'],
  ['<', 'Every role that accepts credentials', 'the same port; `<who>` is the role'],
];

function metrics(): readonly Registration[] {
  const files = ROOMS.flatMap((room) =>
    readdirSync(join(packageRoot, room), { encoding: 'utf8', recursive: true })
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|test-support\//.test(file))
      .map((file) => join(room, file)),
  );
  const all = files.flatMap((file) => registrationsIn(file, readFileSync(join(packageRoot, file), 'utf8')));
  const byName = new Map(all.map((metric) => [metric.name, metric]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function page(all: readonly Registration[]): string {
  return [
    '# Metrics',
    '',
    generatedNote('the code', 'test/docs/metrics-reference'),
    '',
    'Every role serves its metrics at `/metrics` in the Prometheus text format. [Deploy on Kafka and ClickHouse](../how-to/deployment.md#health)',
    'lists the ports and has a scrape configuration; `vigil tokens create NAME --for metrics` creates a token where a credential is needed.',
    '',
    ...SECTIONS.flatMap(([prefix, title, at]) => [
      `## ${title}`,
      '',
      `Served at ${at}.`,
      '',
      '| Metric | Type | Labels | Meaning |',
      '| --- | --- | --- | --- |',
      ...all
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ name, type, labels, help }) => {
          const cells = [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help];
          return `| ${cells.map(tableCell).join(' | ')} |`;
        }),
      '',
    ]),
  ].join('\n');
}

it('docs/reference/metrics.md is what the code registers', () => {
  const all = metrics();
  expect(all.filter(({ name }) => !SECTIONS.some(([prefix]) => name.startsWith(prefix)))).toEqual([]);
  const wanted = page(all);
  expect(referencePage('metrics.md', wanted)).toBe(wanted);
});

it('reads labels through a constant and a spread', () => {
  const source = `const labels = ['a', 'b'];
    metrics.counter('x_total', 'Help', [...labels, 'c']);
    metrics.histogram(\`\${role}_seconds\`, 'Time', [1, 2], labels);
    other.gauge(7);`;
  expect(registrationsIn('x.ts', source)).toEqual([
    { type: 'counter', name: 'x_total', help: 'Help', labels: ['a', 'b', 'c'] },
    { type: 'histogram', name: '<role>_seconds', help: 'Time', labels: ['a', 'b'] },
  ]);
});

it('refuses a metric that it cannot read', () => {
  expect(() => registrationsIn('x.ts', `metrics.counter('x_total', help())`)).toThrow(/written out where it is made/);
});
