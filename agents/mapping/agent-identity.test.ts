/** For every agent, a continuous-integration run belongs to its repository and workflow, unless the agent names a person. */
import { describe, expect, it } from '@jest/globals';
import type { Values } from '../../test/support/telemetry/made-records.ts';
import { hash } from '../../test/support/telemetry/read-captures.ts';
import type { FlatRecord } from '../../schemas/otlp/record.ts';
import { actorName } from '../../collector/intake/session-actors.ts';
import { mappingFor } from '../index.ts';
import { madeRecords, madeRecordsOf } from '../test-support/records.ts';

/** What a GitHub workflow sets, as the documentation of agents recommends. */
const RUN: Values = {
  'cicd.pipeline.name': 'release.yml',
  'cicd.pipeline.run.id': '4711',
  'vcs.repository.url.full': 'https://github.com/acme/shop',
  'host.name': 'runner-1',
};
function actorOf(record: FlatRecord): string {
  const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
  if (mapped?.kind !== 'events') throw new Error(`no event: ${JSON.stringify(mapped)}`);
  return actorName('edge', mapped.identity, hash);
}

describe.each(await madeRecords())('a run of $agent in continuous integration', ({ aRecord: made }) => {
  it('is identified by its repository and workflow, not its runner', () => {
    expect(actorOf(made(RUN))).toBe('edge/ci:github.com/acme/shop/release.yml');
    // On another runner, started by somebody else.
    expect(actorOf(made({ ...RUN, 'host.name': 'runner-2', 'user.email': 'b@acme.example' }))).toBe(actorOf(made(RUN)));
  });

  it('keeps the attributes of the run', () => {
    const record = made(RUN);
    const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
    const [event] = mapped?.kind === 'events' ? mapped.events : [];
    expect(event).toMatchObject({
      host: 'runner-1',
      repository: 'https://github.com/acme/shop',
      attributes: { 'cicd.pipeline.name': 'release.yml', 'cicd.pipeline.run.id': '4711' },
    });
  });

  it('is not recognised without a workflow, or without a repository', () => {
    for (const key of ['cicd.pipeline.name', 'vcs.repository.url.full'])
      expect(actorOf(made({ ...RUN, [key]: '' }))).not.toContain('/ci:');
  });

  it('belongs to a person if the agent itself names one', () => {
    expect(actorOf(made(RUN, { 'user.email': 'a@acme.example' }))).toBe('edge/user:a@acme.example');
  });
});

it.each([
  ['git@github.com:acme/shop.git', 'github.com:acme/shop'],
  ['ssh://git@git.acme.example:7999/shop.git/', 'git.acme.example:7999/shop'],
  ['https://gitlab-ci-token:SECRET@gitlab.acme.example/team/shop.git', 'gitlab.acme.example/team/shop'],
  ['acme/shop', 'acme/shop'],
])('names the repository %s without scheme, credentials and ending', async (address, name) => {
  const { aRecord } = await madeRecordsOf('codex');
  expect(actorOf(aRecord({ ...RUN, 'vcs.repository.url.full': address }))).toBe(`edge/ci:${name}/release.yml`);
});
