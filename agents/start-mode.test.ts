/** The resource may contain the agent's own command line, which may hold a person's prompt and was not run by a tool. */
import { describe, expect, it } from '@jest/globals';
import { type Values, madeSpan } from '../test/support/telemetry/made-records.ts';
import { hash } from '../test/support/telemetry/read-captures.ts';
import type { FlatRecord } from '../schemas/otlp/record.ts';
import { mappingFor } from './index.ts';
import type { EventDraft } from './mapping/mapping.ts';
import { madeRecords } from './test-support/records.ts';

const PROMPT = 'Add a greeting module.';
const RESOURCE: Values = {
  'service.name': 'my-agent',
  'process.command': '/usr/bin/my-agent',
  'process.command_args': ['node', 'my-agent', '-p', PROMPT],
  'process.command_line': `node my-agent -p "${PROMPT}"`,
  'process.title': `my-agent -p ${PROMPT}`,
};
const tool = (name: string, values: Values = {}): FlatRecord =>
  madeSpan(
    'my.agent',
    `execute_tool ${name}`,
    { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.conversation.id': 'c-1', ...values },
    {},
    RESOURCE,
  );
/** Claude Code copies its resource onto each record; another program may do the same. */
const RECORDS: readonly (readonly [name: string, record: FlatRecord])[] = [
  ...(await madeRecords()).flatMap(({ agent, aRecord }) => [
    [agent, aRecord(RESOURCE)] as const,
    [`${agent}, copied`, aRecord(RESOURCE, RESOURCE)] as const,
  ]),
  [
    'claude-code’s spans',
    madeSpan(
      'com.anthropic.claude_code.tracing',
      'claude_code.tool.execution',
      { 'session.id': 's-1', tool_use_id: 'toolu_1', ...RESOURCE },
      {},
      RESOURCE,
    ),
  ],
  ['any tool', tool('weather')],
  ['any tool, copied', tool('weather', RESOURCE)],
];

function eventOf(record: FlatRecord): EventDraft {
  const mapped = mappingFor(record.resource, record.scope)?.map(record, hash);
  const event = mapped?.kind === 'events' ? mapped.events[0] : undefined;
  if (event === undefined) throw new Error(`no event: ${JSON.stringify(mapped)}`);
  return event;
}

describe('the command line that an agent was started with', () => {
  it.each(RECORDS)('is reduced to its length: %s', (_name, record) => {
    const event = eventOf(record);
    expect(JSON.stringify(event)).not.toContain(PROMPT);
    expect(event.commandLine).toBeUndefined();
    expect(event.attributes).toMatchObject({
      'resource.process.command_args.length': String(JSON.stringify(RESOURCE['process.command_args']).length),
      'resource.process.command_line.length': String(`node my-agent -p "${PROMPT}"`.length),
      'process.command': '/usr/bin/my-agent',
    });
  });

  it('is not confused with the process that a tool ran', () => {
    const args = ['bash', '-lc', 'npm test'];
    expect(eventOf(tool('bash', { 'process.command_args': args })).commandLine).toBe('npm test');
    expect(eventOf(tool('runner', { 'process.command_line': 'make' })).commandLine).toBe('make');
  });
});
