/** Maps `codex.tool_result`, the single record of a finished tool call, to a command, file changes, an MCP call or a tool call. */
import type { Outcome } from '../../schemas/records/agent-event.ts';
import { firstOf, textOf } from '../../schemas/otlp/attributes.ts';
import { cutText } from '../mapping/attribute-text.ts';
import { patchedFiles } from '../tools/apply-patch.ts';
import { denialOf, parseToolOutput } from './output.ts';
import type { ToolOutput } from './output.ts';
import type { DraftFields, DraftPart } from '../mapping/event-draft.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { commandOf, isShellTool } from '../tools/shell-tools.ts';
import { keptArguments, parseArguments, utf8Length } from '../tools/tool-arguments.ts';
import { outcomeOfSuccess } from '../mapping/vocabulary.ts';

interface Call {
  readonly fields: RecordFields;
  readonly output: ToolOutput;
  readonly args: ReturnType<typeof parseArguments>;
  readonly outcome: Outcome;
  /** callId, toolName, durationMs, and why it was denied. */
  readonly common: DraftFields;
}

/** No real path is longer than this. */
const MAX_PATH_LENGTH = 8192;

/** A failed tool's text begins with the reason; the rest would be output. */
const MAX_REASON_LENGTH = 1024;

const NONE: ReadonlySet<string> = new Set();
/** Messages from one agent to another are prompts. */
const MESSAGE: ReadonlySet<string> = new Set(['message', 'items', 'input']);

export function toolResult(fields: RecordFields): readonly DraftPart[] {
  const toolName = fields.text('tool_name');
  const text = fields.seeText('output') ?? '';
  const success = fields.boolean('success');
  const output = parseToolOutput(text, fields.seeText('output_truncated') === 'true');
  const server = fields.text('mcp_server') ?? serverOf(fields.seeText('tool_namespace'));
  const denial = success === false && isAnsweredByCodex(toolName, server) ? denialOf(text) : undefined;
  fields.drop('output');
  fields.note('vigil.refusal', denial?.source);
  if (output.estimated === true) fields.note('vigil.output_bytes', 'from the token count, up to 3 too many');
  const call: Call = {
    fields,
    output: denial === undefined ? output : {},
    args: parseArguments(fields.see('arguments')),
    outcome: denial === undefined ? outcomeOfSuccess(success) : 'denied',
    common: {
      callId: fields.text('call_id'),
      toolName,
      durationMs: fields.whole('duration_ms'),
      reason: denial?.reason ?? (success === false ? cutText(text, MAX_REASON_LENGTH) : undefined),
      sandboxOutcome: denial?.source === 'sandbox' ? 'denied' : undefined,
    },
  };
  // Servers name their tools as they like: one that calls itself `exec_command` is still an MCP call.
  if (server !== undefined) return [mcpCall(call, server)];
  if (toolName === 'apply_patch') return fileChanges(call);
  if (toolName === 'write_stdin') return [stdin(call)];
  if (toolName === 'view_image') return [imageRead(call)];
  if (toolName !== undefined && isShellTool(toolName)) return command(call);
  return [toolCall(call)];
}

/**
 * Whether the text of a call that failed is Codex's own. An MCP server, a script or another agent writes its answer itself,
 * and could imitate a denial there.
 */
function isAnsweredByCodex(toolName: string | undefined, server: string | undefined): boolean {
  if (server !== undefined || toolName === undefined) return false;
  return toolName === 'apply_patch' || isShellTool(toolName);
}

/** `mcp__notes` is the server `notes`. */
function serverOf(namespace: string | undefined): string | undefined {
  return namespace?.startsWith('mcp__') === true ? namespace.slice('mcp__'.length) : undefined;
}

/** How a command ended, preferably by its exit code, which says more than whether the tool ran. */
function commandOutcome({ output, outcome }: Call): Outcome {
  if (outcome !== 'success') return outcome;
  if (output.exitCode !== undefined) return output.exitCode === 0 ? 'success' : 'failure';
  return 'unknown'; // still running, or the exporter cut the text before the exit code
}

function command(call: Call): readonly DraftPart[] {
  const { fields, args, common, output } = call;
  const found = args === undefined ? undefined : commandOf(args);
  const cwd = args === undefined ? undefined : textOf(args, 'workdir');
  keepArguments(call, new Set([found?.key ?? '', 'workdir']));
  if (output.running === true) fields.note('vigil.still_running', true);
  const run: DraftPart = {
    ...common,
    category: 'command',
    action: 'run',
    outcome: commandOutcome(call),
    commandLine: found?.line,
    cwd,
    exitCode: output.exitCode,
    outputBytes: output.bytes,
  };
  if (args === undefined || firstOf(args, 'sandbox_permissions') !== 'require_escalated') return [run];
  const escalation: DraftPart = {
    callId: common.callId,
    toolName: common.toolName,
    category: 'sandbox',
    action: 'escalate',
    outcome: call.outcome === 'denied' ? 'denied' : call.outcome === 'success' ? 'success' : 'unknown',
    sandboxOutcome: call.outcome === 'denied' ? 'refused' : 'escalated',
    reason: textOf(args, 'justification'),
    commandLine: found?.line,
    cwd,
  };
  return [run, escalation];
}

/** Text typed into a running command may be commands for a shell, so it is kept as one. An empty text only polls the command. */
function stdin(call: Call): DraftPart {
  const { args, common, output } = call;
  const typed = args === undefined ? undefined : textOf(args, 'chars');
  keepArguments(call, new Set(['chars']));
  const fields: DraftFields = { ...common, exitCode: output.exitCode, outputBytes: output.bytes };
  const outcome = commandOutcome(call);
  if (typed !== undefined && typed !== '') {
    return { ...fields, category: 'command', action: 'input', outcome, commandLine: typed };
  }
  return { ...fields, category: 'command', action: output.exitCode === undefined ? 'poll' : 'finish', outcome };
}

const FILE_OPERATIONS = { create: 'create', update: 'update', delete: 'delete', move: 'move' } as const;

/** One event per file; a patch without a known header is one event without a path. */
function fileChanges(call: Call): readonly DraftPart[] {
  const { fields, common, outcome } = call;
  const patch = patchText(call);
  const { files, total } = patchedFiles(patch);
  fields.drop('arguments');
  fields.note('arguments.length', patch.length);
  if (total > files.length) fields.note('vigil.cut.files', total);
  if (files.length === 0) return [{ ...common, category: 'file', action: 'update', outcome }];
  return files.map((file) => ({
    ...common,
    category: 'file' as const,
    action: FILE_OPERATIONS[file.operation],
    outcome,
    filePath: file.path,
    fileOperation: FILE_OPERATIONS[file.operation],
    fileBytes: file.bytes,
    notes: file.from === undefined ? undefined : { 'vigil.moved_from': cutText(file.from, MAX_PATH_LENGTH) },
  }));
}

/** The patch itself, or the member of a function call that holds it. */
function patchText({ fields, args }: Call): string {
  const member = args === undefined ? undefined : (textOf(args, 'input') ?? textOf(args, 'patch'));
  return member ?? fields.seeText('arguments') ?? '';
}

function imageRead(call: Call): DraftPart {
  const { args, common, outcome } = call;
  keepArguments(call, new Set(['path']));
  return {
    ...common,
    category: 'file',
    action: 'read',
    outcome,
    filePath: args === undefined ? undefined : textOf(args, 'path'),
    fileOperation: 'read',
  };
}

function mcpCall(call: Call, mcpServer: string): DraftPart {
  keepArguments(call, NONE);
  return {
    ...call.common,
    category: 'mcp',
    action: 'call',
    outcome: call.outcome,
    mcpServer,
    outputBytes: call.output.bytes,
  };
}

/** Also handles code mode's `exec`: its script is not a command, and the commands inside it have their own results. */
function toolCall(call: Call): DraftPart {
  keepArguments(call, NONE, call.fields.seeText('tool_namespace') === 'collaboration' ? MESSAGE : NONE);
  return { ...call.common, category: 'tool', action: 'call', outcome: call.outcome, outputBytes: call.output.bytes };
}

/** Arguments that are an object stay by name; a script or patch is content, so only its length is kept. */
function keepArguments({ fields, args }: Call, taken: ReadonlySet<string>, content: ReadonlySet<string> = NONE): void {
  if (args === undefined) {
    const text = fields.seeText('arguments');
    fields.drop('arguments');
    if (text !== undefined) fields.note('arguments.length', utf8Length(text));
    return;
  }
  fields.drop('arguments');
  for (const [key, value] of keptArguments('arguments', args, taken, content)) fields.note(key, value);
}
