/** Maps Claude Code's `tool_result`, the single record of a call that ran, by what its tool does. Refused calls have none. */
import { textOf } from '../../schemas/otlp/attributes.ts';
import type { Attributes } from '../../schemas/otlp/record.ts';
import type { DraftFields, DraftPart } from '../mapping/event-draft.ts';
import { addressOf } from '../mapping/network-address.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { keptArguments, lengthBeforeCut, parseArguments, utf8Length } from '../tools/tool-arguments.ts';
import { outcomeOfSuccess } from '../mapping/vocabulary.ts';

interface Call {
  readonly fields: RecordFields;
  /** `tool_parameters`, whole; empty with the details switched off. */
  readonly parameters: Attributes;
  /** `tool_input`, long values cut by the agent; empty with the details switched off. */
  readonly input: Attributes;
  readonly common: DraftFields & { readonly outcome: DraftPart['outcome'] };
}

export function toolResult(fields: RecordFields): readonly DraftPart[] {
  const tool = fields.text('tool_name') ?? '';
  const error = fields.text('error') ?? fields.seeText('error_type');
  const parameters = parseArguments(fields.see('tool_parameters'));
  const input = parseArguments(fields.see('tool_input'));
  // Text that is not a JSON object cannot be distinguished from content.
  if (parameters === undefined) fields.dropContent('tool_parameters');
  if (input === undefined) fields.dropContent('tool_input');
  fields.drop('tool_parameters', 'tool_input');
  const call: Call = {
    fields,
    parameters: parameters ?? [],
    input: input ?? [],
    common: {
      outcome: outcomeOfSuccess(fields.boolean('success')),
      callId: fields.text('tool_use_id'),
      toolName: tool,
      durationMs: fields.whole('duration_ms'),
      outputBytes: fields.number('tool_result_size_bytes'),
      reason: error,
    },
  };
  const server = textOf(call.parameters, 'mcp_server_name');
  if (server !== undefined || tool === 'mcp_tool') return [mcpCall(call, server)];
  const read = Object.hasOwn(TOOLS, tool) ? TOOLS[tool] : undefined;
  return [(read ?? toolCall)(call)];
}

const TOOLS: Readonly<Record<string, (call: Call) => DraftPart>> = {
  Bash: command,
  PowerShell: command,
  Monitor: command,
  Write: write,
  Edit: (call) => fileEvent(call, 'update', 'file_path'),
  MultiEdit: (call) => fileEvent(call, 'update', 'file_path'),
  NotebookEdit: (call) => fileEvent(call, 'update', 'notebook_path'),
  Read: (call) => fileEvent(call, 'read', 'file_path'),
  NotebookRead: (call) => fileEvent(call, 'read', 'notebook_path'),
  Grep: (call) => fileEvent(call, 'search', 'path'),
  Glob: (call) => fileEvent(call, 'search', 'path'),
  LS: (call) => fileEvent(call, 'search', 'path'),
  WebFetch: webFetch,
  WebSearch: webSearch,
};

/**
 * There is no exit code: `success` is the tool's own claim, and is true for a background start and for `grep` without a match.
 * `Monitor` has its line only in `tool_input`, where the agent cuts it at 512 characters to its first 128.
 */
function command(call: Call): DraftPart {
  const { fields, common } = call;
  const whole = textOf(call.parameters, 'full_command');
  const shown = textOf(call.input, 'command');
  const line = whole ?? shown;
  const cut = whole === undefined && shown !== undefined ? lengthBeforeCut(shown) : undefined;
  if (cut !== undefined) fields.note('vigil.cut.commandLine', String(cut));
  keep(call, ['full_command'], ['command', 'description', 'timeout', 'dangerouslyDisableSandbox']);
  return { ...common, category: 'command', action: 'run', commandLine: line };
}

function fileEvent(call: Call, operation: 'read' | 'search' | 'update', key: string): DraftPart {
  keep(call, [], [key]);
  return {
    ...call.common,
    category: 'file',
    action: operation,
    filePath: textOf(call.input, key),
    fileOperation: operation,
  };
}

/** A whole file. The record does not say whether the file existed; the tool overwrites a file only after reading it. */
function write(call: Call): DraftPart {
  const content = textOf(call.input, 'content');
  keep(call, [], ['file_path']);
  call.fields.note('vigil.file_operation', 'create or overwrite');
  return {
    ...call.common,
    category: 'file',
    action: 'create',
    filePath: textOf(call.input, 'file_path'),
    fileOperation: 'create',
    fileBytes: content === undefined || lengthBeforeCut(content) !== undefined ? undefined : utf8Length(content),
  };
}

function webFetch(call: Call): DraftPart {
  const url = textOf(call.input, 'url');
  keep(call, [], []);
  return { ...call.common, category: 'network', action: 'fetch', ...addressOf(url) };
}

function webSearch(call: Call): DraftPart {
  keep(call, [], []);
  return { ...call.common, category: 'network', action: 'search' };
}

function mcpCall(call: Call, mcpServer: string | undefined): DraftPart {
  keep(call, ['mcp_server_name', 'mcp_tool_name'], []);
  return {
    ...call.common,
    category: 'mcp',
    action: 'call',
    mcpServer,
    toolName: textOf(call.parameters, 'mcp_tool_name') ?? call.common.toolName,
  };
}

function toolCall(call: Call): DraftPart {
  keep(call, [], []);
  return { ...call.common, category: 'tool', action: 'call' };
}

function keep(call: Call, ofParameters: readonly string[], ofInput: readonly string[]): void {
  const { fields, parameters, input } = call;
  for (const [key, value] of keptArguments('tool_parameters', parameters, new Set(ofParameters)))
    fields.note(key, value);
  for (const [key, value] of keptArguments('tool_input', input, new Set(ofInput))) fields.note(key, value);
}
