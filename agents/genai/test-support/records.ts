/** For tests: made-up records of programs that follow the GenAI conventions. */
import type { FlatRecord, SpanRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeSpan } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeSpan(
    'my.agent',
    'execute_tool bash',
    { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'bash', 'gen_ai.conversation.id': 'c-1', ...own },
    {},
    resource,
  );

const tool = (name: string, values: Values): SpanRecord =>
  madeSpan('my.agent', `execute_tool ${name}`, {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.id': 'call-1',
    'gen_ai.conversation.id': 'c-1',
    ...values,
  });

const event = (name: string, values: Values): SpanRecord =>
  madeSpan('my.agent', name, { 'vigil.event': name, 'gen_ai.conversation.id': 'c-1', ...values });

/** Records that such programs are known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [
  tool('delete_file', { 'gen_ai.tool.call.arguments': '{"path":"a"}' }),
  tool('web_search', {}),
  // Any program may report these with the attributes of `schemas/records/agent-attributes.ts`.
  event('session.start', { 'vigil.sandbox.mode': 'none', 'vigil.approval.mode': 'never' }),
  event('session.start', {
    'vigil.session.parent_id': 'c-0',
    'vigil.sandbox.mode': 'read-only',
    'vigil.approval.mode': 'on-request',
  }),
  event('session.end', { 'vigil.outcome': 'unknown' }),
  event('approval', {
    'gen_ai.tool.name': 'shell',
    'vigil.approval.decision': 'approved',
    'vigil.approval.scope': 'always',
    'vigil.approval.source': 'user',
  }),
  event('approval', {
    'gen_ai.tool.name': 'shell',
    'vigil.approval.decision': 'timed_out',
    'vigil.approval.source': 'hook',
  }),
];
