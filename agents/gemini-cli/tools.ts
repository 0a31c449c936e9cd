/**
 * `tool_call` of Gemini CLI and of Qwen Code, which descends from it: the single record of a finished call, with the decision about
 * it. Both use the same names for tools, arguments and errors; they report the end of a command differently.
 */
import type { Outcome } from '../../schemas/records/agent-event.ts';
import { firstOf, numberOf, textOf } from '../../schemas/otlp/attributes.ts';
import type { Attributes } from '../../schemas/otlp/record.ts';
import { cutText } from '../mapping/attribute-text.ts';
import type { DraftFields, DraftPart } from '../mapping/event-draft.ts';
import { addressOf } from '../mapping/network-address.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { commandOf, isShellTool } from '../tools/shell-tools.ts';
import { keptArguments, parseArguments, utf8Length } from '../tools/tool-arguments.ts';
import { decisionOf, outcomeOfDecision, outcomeOfSuccess } from '../mapping/vocabulary.ts';

interface Call {
  readonly fields: RecordFields;
  readonly tool: string;
  /** Undefined with the content switched off (Gemini's `logPrompts`). */
  readonly args: Attributes | undefined;
  readonly metadata: Attributes;
  readonly success: boolean | undefined;
  readonly error: { readonly text: string | undefined; readonly type: string | undefined };
  readonly denial: DenialCause | undefined;
  readonly common: DraftFields & { readonly outcome: Outcome };
}

/** The outcome of a command that was not denied. */
type EndOf = (call: Call) => { readonly outcome: Outcome; readonly exitCode?: number | undefined };

export const geminiToolCall = (fields: RecordFields): readonly DraftPart[] => toolCall(fields, geminiEnd);
export const qwenToolCall = (fields: RecordFields): readonly DraftPart[] => toolCall(fields, qwenEnd);

/** A failed tool's text begins with the reason; the rest would be output. */
const MAX_REASON_LENGTH = 1024;
const SHELL_ERROR = 'shell_execute_error';

function toolCall(fields: RecordFields, endOf: EndOf): readonly DraftPart[] {
  const tool = fields.text('function_name') ?? '';
  const mcpServer = fields.text('mcp_server_name');
  const isMcp = mcpServer !== undefined || fields.seeText('tool_type') === 'mcp';
  const success = fields.boolean('success');
  const error = errorOf(fields);
  const denial = denialCauseOf(fields, tool, isMcp, error);
  fields.note('vigil.refusal', denial);
  const call: Call = {
    fields,
    tool,
    args: parseArguments(fields.see('function_args')),
    metadata: parseArguments(fields.see('metadata')) ?? [],
    success,
    error,
    denial,
    common: {
      outcome: denial === undefined ? outcomeOfSuccess(success) : 'denied',
      callId: fields.text('call_id'),
      toolName: isMcp ? shortName(tool, mcpServer) : tool,
      durationMs: fields.whole('duration_ms'),
      reason: reasonOf(error, fields.seeText('status')),
    },
  };
  keepMetadata(call);
  const parts = isMcp ? [mcpCall(call, mcpServer)] : nativeCall(call, endOf);
  const decided = decisionPart(call, mcpServer);
  return decided === undefined ? parts : [decided, ...parts];
}

function errorOf(fields: RecordFields): Call['error'] {
  const text = fields.seeText('error') ?? fields.seeText('error.message');
  fields.drop('error', 'error.message');
  if (fields.seeText('error_type') === fields.seeText('error.type')) fields.drop('error_type');
  return { text, type: fields.seeText('error.type') ?? fields.seeText('error_type') };
}

/** The text of a command's error is its output. */
function reasonOf({ text, type }: Call['error'], status: string | undefined): string | undefined {
  if (type === SHELL_ERROR) return type;
  if (text !== undefined) return cutText(text, MAX_REASON_LENGTH);
  return type ?? (status === 'cancelled' ? status : undefined);
}

type DenialCause = 'decision' | 'rule' | 'workspace' | 'not_offered' | 'cancelled';

/** Rules of the policy engine (Gemini), deny rules and modes (Qwen). */
const RULE_ERRORS = new Set(['policy_violation', 'execution_denied']);

/** A path outside the workspace, by error type or by the agent's own words. The agent checks arguments before a tool runs. */
const OUTSIDE = 'Path not in workspace: ';

/**
 * Why a call never ran. A built-in tool is not registered when the approval mode or the settings remove it, so such a
 * call was denied. A name that is not a tool at all is a mistake of the model.
 */
function denialCauseOf(
  fields: RecordFields,
  tool: string,
  isMcp: boolean,
  error: Call['error'],
): DenialCause | undefined {
  if (outcomeOfDecision(decisionOf(fields.seeText('decision')).decision) === 'denied') return 'decision';
  if (fields.seeText('success') === 'true') return undefined;
  if (error.type !== undefined && RULE_ERRORS.has(error.type)) return 'rule';
  if (fields.seeText('status') === 'cancelled' && fields.seeText('execution_status') === 'not_started') {
    return 'cancelled';
  }
  if (isMcp) return undefined;
  if (error.type === 'tool_not_registered' && (isShellTool(tool) || Object.hasOwn(TOOLS, tool))) return 'not_offered';
  const isChecked = error.type === 'invalid_tool_params' && error.text?.startsWith(OUTSIDE) === true;
  return isChecked || error.type === 'path_not_in_workspace' ? 'workspace' : undefined;
}

/** Qwen's own sentence at the very end; the text before it may quote the name of a tool. */
const BY_RULE = /\. Matching deny rule: "[^"]{1,256}"\.$/;

/**
 * One decision per decided call. Gemini's `accept` also covers what a mode or rule allows unasked, so it names no one; without
 * an interactive terminal there is nobody to ask. `modify` means that a person changed the call in an editor.
 */
function decisionPart(call: Call, mcpServer: string | undefined): DraftPart | undefined {
  const { fields, denial, error, common } = call;
  const word = fields.seeText('decision');
  if (word === undefined && denial !== 'rule') return undefined;
  const decided = word === undefined ? { decision: 'denied' as const } : decisionOf(word);
  const outcome = outcomeOfDecision(decided.decision);
  const byRule = word === undefined && BY_RULE.test(error.text ?? '');
  const unattended = fields.seeText('interactive') === 'false';
  return {
    category: 'approval',
    action: 'decide',
    outcome,
    ...decided,
    decisionSource: word === 'modify' ? 'user' : byRule || unattended ? 'config' : undefined,
    approvalMode: fields.text('active_approval_mode'),
    callId: common.callId,
    toolName: common.toolName,
    mcpServer,
    reason: outcome === 'denied' ? common.reason : undefined,
  };
}

const TOOLS: Readonly<Record<string, (call: Call) => readonly DraftPart[]>> = {
  write_file: (call) => [write(call)],
  replace: (call) => [fileEvent(call, 'update')],
  edit: (call) => [fileEvent(call, 'update')],
  notebook_edit: (call) => [fileEvent(call, 'update')],
  read_file: (call) => [fileEvent(call, 'read')],
  read_many_files: (call) => [fileEvent(call, 'read')],
  list_directory: (call) => [fileEvent(call, 'search')],
  glob: (call) => [fileEvent(call, 'search')],
  grep_search: (call) => [fileEvent(call, 'search')],
  search_file_content: (call) => [fileEvent(call, 'search')],
  web_fetch: webFetch,
  google_web_search: (call) => [webSearch(call)],
  web_search: (call) => [webSearch(call)],
};

function nativeCall(call: Call, endOf: EndOf): readonly DraftPart[] {
  if (isShellTool(call.tool)) return [command(call, endOf)];
  const read = Object.hasOwn(TOOLS, call.tool) ? TOOLS[call.tool] : undefined;
  return read === undefined ? [plainCall(call)] : read(call);
}

const FOLDERS = ['dir_path', 'directory'] as const;

function command(call: Call, endOf: EndOf): DraftPart {
  const { args = [], common, denial } = call;
  const found = commandOf(args);
  keep(call, [found?.key ?? '', ...FOLDERS]);
  const end = denial === undefined ? endOf(call) : { outcome: common.outcome };
  return {
    ...common,
    ...end,
    category: 'command',
    action: 'run',
    commandLine: found?.line,
    cwd: FOLDERS.map((key) => textOf(args, key)).find((folder) => folder !== undefined),
  };
}

const isBackground = ({ args = [] }: Call): boolean => firstOf(args, 'is_background') === true;

/** Gemini reports `success` for any command that ran. It exports an exit code only if it is not 0 and content is on. */
const geminiEnd: EndOf = (call) => {
  const code = numberOf(call.metadata, 'exitCode');
  const exitCode = code !== undefined && Number.isInteger(code) ? code : undefined;
  if (exitCode !== undefined) return { outcome: exitCode === 0 ? 'success' : 'failure', exitCode };
  if (call.success !== true) return { outcome: outcomeOfSuccess(call.success) };
  return { outcome: call.args === undefined || isBackground(call) ? 'unknown' : 'success' };
};

/** Qwen reports `success` for a command that ended well and for one that it left running in the background. */
const qwenEnd: EndOf = (call) => {
  const { success, error } = call;
  if (success === true) return { outcome: isBackground(call) ? 'unknown' : 'success' };
  const exitCode = error.type === SHELL_ERROR ? exitCodeIn(error.text ?? '') : undefined;
  return { outcome: outcomeOfSuccess(success), exitCode };
};

/** The last lines of Qwen's report, after everything that the command wrote. */
const REPORT_END =
  /\nExit Code: (-?[0-9]{1,10})\nSignal: [^\n]{1,64}\n(?:Background PIDs: [^\n]{1,512}\n)?Process Group PGID: [^\n]{1,64}$/;
const REPORT_END_LENGTH = 1024;

function exitCodeIn(report: string): number | undefined {
  const code = REPORT_END.exec(report.slice(-REPORT_END_LENGTH))?.[1];
  // Qwen writes a report only for a failure, so an exit code of 0 was written by the command.
  return code === undefined || Number(code) === 0 ? undefined : Number(code);
}

const PATHS = ['file_path', 'absolute_path', 'notebook_path', 'dir_path', 'path'] as const;

function fileEvent(call: Call, operation: 'read' | 'search' | 'update'): DraftPart {
  const { args = [], common } = call;
  const key = PATHS.find((name) => textOf(args, name) !== undefined);
  keep(call, [key ?? '']);
  return {
    ...common,
    category: 'file',
    action: operation,
    filePath: key === undefined ? undefined : textOf(args, key),
    fileOperation: operation,
  };
}

/** A whole file. Only `file_operation` says whether the file existed, and that record names no file. */
function write(call: Call): DraftPart {
  const { args = [], common, fields } = call;
  const content = firstOf(args, 'content');
  keep(call, ['file_path']);
  fields.note('vigil.file_operation', 'create or overwrite');
  return {
    ...common,
    category: 'file',
    action: 'create',
    filePath: textOf(args, 'file_path'),
    fileOperation: 'create',
    fileBytes: typeof content === 'string' ? utf8Length(content) : undefined,
  };
}

/** The limit of Gemini's tool. */
const MAX_ADDRESSES = 20;
const MAX_ADDRESS_LENGTH = 2048;

/** Qwen exports an address; Gemini exports a prompt that contains the addresses. Each address becomes one event. */
function webFetch(call: Call): readonly DraftPart[] {
  const { args = [], common, fields } = call;
  keep(call, []);
  const fetched = { ...common, category: 'network', action: 'fetch' } as const;
  const url = textOf(args, 'url');
  if (url !== undefined) return [{ ...fetched, ...addressOf(url) }];
  const urls = addressesIn(textOf(args, 'prompt') ?? '');
  if (urls.length > MAX_ADDRESSES) fields.note('vigil.cut.addresses', urls.length);
  if (urls.length === 0) return [fetched];
  return urls.slice(0, MAX_ADDRESSES).map((word) => ({
    ...fetched,
    ...addressOf(word),
    notes: { 'vigil.url_in_prompt': cutText(word, MAX_ADDRESS_LENGTH) },
  }));
}

function addressesIn(prompt: string): readonly string[] {
  return [...new Set(prompt.split(/\s+/).filter((word) => /^https?:\/\//i.test(word)))];
}

function webSearch(call: Call): DraftPart {
  keep(call, []);
  return { ...call.common, category: 'network', action: 'search' };
}

function mcpCall(call: Call, mcpServer: string | undefined): DraftPart {
  keep(call, []);
  return { ...call.common, category: 'mcp', action: 'call', mcpServer };
}

function plainCall(call: Call): DraftPart {
  keep(call, []);
  return { ...call.common, category: 'tool', action: 'call' };
}

/** `mcp__notes__add` and `mcp_notes_add` are the tool `add` of `notes`. */
function shortName(tool: string, server: string | undefined): string {
  for (const prefix of server === undefined ? [] : [`mcp__${server}__`, `mcp_${server}_`]) {
    if (tool.startsWith(prefix) && tool.length > prefix.length) return tool.slice(prefix.length);
  }
  return tool;
}

/** Arguments with text for memory, plans, messages and prompts. */
const CONTENT: ReadonlySet<string> = new Set([
  'fact',
  'instruction',
  'plan',
  'todos',
  'questions',
  'message',
  'objective',
  'summary',
  'strategic_intent',
  'task',
  'modified_content',
  'ai_proposed_content',
  'structured_output',
]);

function keep({ fields, args }: Call, taken: readonly string[]): void {
  if (args === undefined) fields.dropContent('function_args');
  fields.drop('function_args');
  for (const [key, value] of keptArguments('function_args', args ?? [], new Set(taken), CONTENT)) {
    fields.note(key, value);
  }
}

/** Keeps numbers and booleans; a text or list may contain any tool output. */
function keepMetadata({ fields, metadata }: Call): void {
  if (metadata.length === 0) fields.dropContent('metadata');
  fields.drop('metadata');
  for (const [key, value] of metadata) {
    if (typeof value === 'number' || typeof value === 'boolean') {
      if (key !== 'exitCode') fields.note(`metadata.${key}`, value);
    } else if (value !== null) fields.note(`metadata.${key}.length`, JSON.stringify(value).length);
  }
}
