/** For tests: made-up records of GitHub Copilot CLI. */
import type { FlatRecord } from '../../../schemas/otlp/record.ts';
import { type Values, madeSpan } from '../../../test/support/telemetry/made-records.ts';

/** A record that makes an event without a command line, with these attributes on its resource and on itself. */
export const aRecord = (resource: Values, own: Values = {}): FlatRecord =>
  madeSpan(
    'github.copilot',
    'execute_tool bash',
    { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'bash', 'gen_ai.conversation.id': 'c-1', ...own },
    {},
    resource,
  );

/** Records that Copilot CLI is known to export but no capture contains. */
export const uncaptured: readonly FlatRecord[] = [];
