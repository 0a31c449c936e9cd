/** For tests: made-up records of OpenCode. */
import type { FlatRecord, LogRecord, SpanRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeLog, madeSpan } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeSpan(
    'opencode',
    'ai.toolCall',
    {
      'session.id': 's-1',
      'ai.toolCall.name': 'glob',
      'ai.toolCall.id': 'c',
      'ai.toolCall.args': '{"pattern":"x"}',
      ...own,
    },
    {},
    resource,
  );

/** From the source of OpenCode's tools and of the AI SDK's telemetry, which puts the error's message on a failed span. */
const call = (tool: string, args: Values, values: Values = {}, error?: string): SpanRecord =>
  madeSpan(
    'opencode',
    'ai.toolCall',
    {
      'session.id': 'ses_1',
      'ai.toolCall.name': tool,
      'ai.toolCall.id': 'call-1',
      'ai.toolCall.args': JSON.stringify(args),
      ...values,
    },
    error === undefined ? {} : { statusCode: 2, statusMessage: error },
  );
const REJECTED = 'The user rejected permission to use this specific tool call.';
const created = (values: Values): LogRecord => ({
  ...madeLog('opencode', {}),
  body: ['created', JSON.stringify({ id: 'ses_2', directory: '/w', ...values })],
});

/** Records that OpenCode is known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [
  call('bash', { command: 'rm x' }, {}, REJECTED),
  call('bash', { command: 'sleep 9' }),
  call('read', { filePath: 'a' }),
  call('read', { filePath: 'a' }, {}, 'File not found: a'),
  call('edit', { filePath: 'a', oldString: 'x', newString: 'y' }),
  call('edit', { filePath: 'a', oldString: 'x', newString: 'y' }, {}, 'oldString not found in content'),
  call('grep', { pattern: 'x' }),
  call('apply_patch', { patchText: '*** Begin Patch\n*** Delete File: a\n*** End Patch' }),
  call('apply_patch', { patchText: '*** Begin Patch\n*** Update File: a\n*** Move to: b\n*** End Patch' }),
  call('webfetch', { url: 'https://x.example/' }),
  call('webfetch', { url: 'https://x.example/' }, {}, 'Request failed with status code: 404'),
  call('websearch', { query: 'x' }),
  call('task', { prompt: 'x', subagent_type: 'general' }),
  call('task', { prompt: 'x', subagent_type: 'general' }, {}, 'no such agent'),
  created({ parentID: 'ses_1' }),
  madeSpan(
    'opencode',
    'ai.streamText.doStream',
    { 'session.id': 'ses_1', 'ai.model.id': 'm', 'gen_ai.system': 'x' },
    { statusCode: 2, statusMessage: 'quota' },
  ),
];
