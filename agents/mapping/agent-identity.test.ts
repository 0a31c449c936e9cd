/** Runs of continuous integration belong to their repository and workflow, whichever agent it is; people come first. */
import { describe, expect, it } from '@jest/globals';
import { madeLog, madeSpan } from '../../test/support/telemetry/made-records.ts';
import { hash } from '../../test/support/telemetry/read-captures.ts';
import type { AnyValue, FlatRecord } from '../../schemas/otlp/record.ts';
import { actorName } from '../../collector/intake/session-actors.ts';
import { mappingFor } from '../index.ts';

type Values = Readonly<Record<string, AnyValue>>;

/** As docs/how-to/fleet.md has a GitHub workflow say it. */
const RUN: Values = {
  'cicd.pipeline.name': 'release.yml',
  'cicd.pipeline.run.id': '4711',
  'vcs.repository.url.full': 'https://github.com/acme/shop',
  'host.name': 'runner-1',
};
const RECORDS: Readonly<Record<string, (resource: Values, own?: Values) => FlatRecord>> = {
  codex: (resource, own) =>
    madeLog('codex_otel.log_only', { 'event.name': 'codex.turn_cost', 'conversation.id': 'c-1', ...own }, resource),
  // It copies the resource onto each record.
  'claude-code': (resource, own) =>
    madeLog(
      'com.anthropic.claude_code.events',
      { 'event.name': 'api_request', 'session.id': 's-1', 'user.id': 'f'.repeat(64), ...resource, ...own },
      resource,
    ),
  'gemini-cli': (resource, own) =>
    madeLog(
      'gemini-cli',
      {
        'event.name': 'gemini_cli.tool_call',
        'session.id': 's-1',
        'installation.id': 'i-1',
        function_name: 'run_shell_command',
        ...own,
      },
      resource,
    ),
  'qwen-code': (resource, own) =>
    madeLog(
      'qwen-code',
      { 'event.name': 'qwen-code.tool_call', 'session.id': 's-1', function_name: 'run_shell_command', ...own },
      resource,
    ),
  opencode: (resource, own) =>
    madeSpan(
      'opencode',
      'ai.toolCall',
      {
        'session.id': 's-1',
        'ai.toolCall.name': 'bash',
        'ai.toolCall.id': 'c',
        'ai.toolCall.args': '{"command":"ls"}',
        ...own,
      },
      {},
      resource,
    ),
  genai: (resource, own) =>
    madeSpan(
      'my.agent',
      'execute_tool bash',
      { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'bash', 'gen_ai.conversation.id': 'c-1', ...own },
      {},
      resource,
    ),
};

function actorOf(record: FlatRecord): string {
  const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
  if (mapped?.kind !== 'events') throw new Error(`no event: ${JSON.stringify(mapped)}`);
  return actorName('edge', mapped.identity, hash);
}

describe.each(Object.entries(RECORDS))('a run of %s in continuous integration', (_agent, made) => {
  it('is its repository and workflow, not its runner', () => {
    expect(actorOf(made(RUN))).toBe('edge/ci:github.com/acme/shop/release.yml');
    // Of another runner, started by somebody else.
    expect(actorOf(made({ ...RUN, 'host.name': 'runner-2', 'user.email': 'b@acme.example' }))).toBe(actorOf(made(RUN)));
  });

  it('keeps what it says of the run', () => {
    const record = made(RUN);
    const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
    const [event] = mapped?.kind === 'events' ? mapped.events : [];
    expect(event).toMatchObject({
      host: 'runner-1',
      repository: 'https://github.com/acme/shop',
      attributes: { 'cicd.pipeline.name': 'release.yml', 'cicd.pipeline.run.id': '4711' },
    });
  });

  it('is not one without a workflow, or without a repository', () => {
    for (const key of ['cicd.pipeline.name', 'vcs.repository.url.full'])
      expect(actorOf(made({ ...RUN, [key]: '' }))).not.toContain('/ci:');
  });

  it('is a person where the agent itself names one', () => {
    expect(actorOf(made(RUN, { 'user.email': 'a@acme.example' }))).toBe('edge/user:a@acme.example');
  });
});

it.each([
  ['git@github.com:acme/shop.git', 'github.com:acme/shop'],
  ['ssh://git@git.acme.example:7999/shop.git/', 'git.acme.example:7999/shop'],
  ['https://gitlab-ci-token:SECRET@gitlab.acme.example/team/shop.git', 'gitlab.acme.example/team/shop'],
  ['acme/shop', 'acme/shop'],
])('names the repository %s without scheme, credentials and ending', (address, name) => {
  const record = RECORDS['codex']?.({ ...RUN, 'vcs.repository.url.full': address });
  expect(record && actorOf(record)).toBe(`edge/ci:${name}/release.yml`);
});
