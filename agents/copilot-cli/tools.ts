/** Copilot CLI's tool calls: the conventions' attributes plus `github.copilot.tool.parameters.*`. */
import type { SpanRecord } from '../../schemas/otlp/record.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import { type Failure, failureOf, toolPart } from '../genai/tools.ts';
import { patchParts } from '../tools/patch-parts.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { isShellTool } from '../tools/shell-tools.ts';

const ARGUMENTS = 'gen_ai.tool.call.arguments';
const PARAMETERS = 'github.copilot.tool.parameters.';
/** Copilot cuts the command outside of the arguments at this length. */
const CUT_AT = 256;

export function callParts(record: SpanRecord, fields: RecordFields): readonly DraftPart[] {
  const failure = failureOf(record, fields);
  const tool = fields.seeText('gen_ai.tool.name') ?? '';
  const server = fields.text(`${PARAMETERS}mcp_server_name`) ?? fields.text(`${PARAMETERS}mcp_server_name_hash`);
  if (server !== undefined || fields.see(`${PARAMETERS}mcp_tool_name`) !== undefined)
    return [mcpCall(fields, failure, server)];
  const patch = tool === 'apply_patch' ? patchOf(fields) : undefined;
  const part = toolPart(fields, failure);
  if (patch !== undefined) return patchParts(part, patch, fields);
  return [withParameters(part, fields, tool)];
}

/** The patch is the arguments themselves, or a member of them. */
function patchOf(fields: RecordFields): string | undefined {
  const args = fields.seeText(ARGUMENTS);
  if (args === undefined || !args.includes('*** Begin Patch')) return undefined;
  if (!args.trimStart().startsWith('{')) return args;
  try {
    const members = Object.values(JSON.parse(args) as Readonly<Record<string, unknown>>);
    return members.find((member) => typeof member === 'string' && member.includes('*** Begin Patch')) as
      string | undefined;
  } catch {
    return undefined;
  }
}

function withParameters(part: DraftPart, fields: RecordFields, tool: string): DraftPart {
  const command = fields.text(`${PARAMETERS}command`);
  const path = fields.text(`${PARAMETERS}file_path`);
  if (part.category === 'command') {
    if (part.commandLine !== undefined || command === undefined) return withSandbox(part, fields);
    // Copilot does not export the original length.
    if (command.length >= CUT_AT) fields.note('vigil.cut.commandLine', `${command.length} or more`);
    return withSandbox({ ...part, commandLine: command }, fields);
  }
  if (part.category === 'file') return part;
  const operation = fields.text(`${PARAMETERS}edit_type`);
  if (path === undefined || isShellTool(tool)) {
    if (operation !== undefined) fields.note(`${PARAMETERS}edit_type`, operation);
    return part;
  }
  // An unknown tool that names a file is reported as a read, the weakest claim.
  const { callId, outcome, reason, toolName } = part;
  return { category: 'file', action: 'read', callId, outcome, reason, toolName, filePath: path };
}

/** Without an exit code the outcome of a command is unknown: success only means that the tool ran. */
function withSandbox(part: DraftPart, fields: RecordFields): DraftPart {
  fields.drop('process.executable.name');
  return part.exitCode === undefined && part.outcome === 'success' ? { ...part, outcome: 'unknown' } : part;
}

function mcpCall(fields: RecordFields, failure: Failure, server: string | undefined): DraftPart {
  const whole = fields.text('gen_ai.tool.name');
  fields.dropContent(ARGUMENTS, 'gen_ai.tool.call.result');
  return {
    category: 'mcp',
    action: 'call',
    ...failure,
    callId: fields.text('gen_ai.tool.call.id'),
    toolName: fields.text(`${PARAMETERS}mcp_tool_name`) ?? whole,
    mcpServer: server,
  };
}
