/** A tool call by the conventions (`execute_tool`, MCP `tools/call`): what it did, from its name, arguments and attributes. */
import { AGENT_ATTRIBUTES } from '../../schemas/records/agent-attributes.ts';
import { FileOperation, Outcome } from '../../schemas/records/agent-event.ts';
import { firstOf, numberOf, textOf } from '../../schemas/otlp/attributes.ts';
import type { AnyValue, Attributes, FlatRecord } from '../../schemas/otlp/record.ts';
import { cutText } from '../mapping/attribute-text.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import { addressOf } from '../mapping/network-address.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { commandOf, isShellTool, lineOf } from '../tools/shell-tools.ts';
import { keptArguments, parseArguments, utf8Length } from '../tools/tool-arguments.ts';

export interface Failure {
  readonly outcome: DraftPart['outcome'];
  readonly reason?: string | undefined;
}

const ERROR = 2;
const MAX_REASON_LENGTH = 1024;

/** `error.type` is required where an operation failed; its absence on a span that is not ERROR means that it ended well. */
export function failureOf(record: FlatRecord, fields: RecordFields): Failure {
  const error = fields.seeText('error.type');
  const status = record.signal === 'span' ? record.statusCode : 0;
  const said = fields.see(AGENT_ATTRIBUTES.outcome);
  const told = said === undefined ? undefined : Outcome.safeParse(said).data;
  if (told !== undefined) fields.drop(AGENT_ATTRIBUTES.outcome);
  if (error === undefined && status !== ERROR) return { outcome: told ?? 'success' };
  const message = record.signal === 'span' && record.statusMessage !== '' ? record.statusMessage : undefined;
  return { outcome: told ?? 'failure', reason: message === undefined ? error : cutText(message, MAX_REASON_LENGTH) };
}

interface Call {
  readonly fields: RecordFields;
  readonly name: string;
  readonly args: Attributes;
  readonly common: Failure & {
    readonly durationMs: number | undefined;
    readonly callId: string | undefined;
    readonly toolName: string;
  };
}

const ARGUMENTS = 'gen_ai.tool.call.arguments';
const RESULT = 'gen_ai.tool.call.result';

export function toolPart(fields: RecordFields, { outcome, reason }: Failure, durationMs?: number): DraftPart {
  const name = fields.text('gen_ai.tool.name') ?? fields.text('mcp.tool.name') ?? '';
  const args = parseArguments(fields.see(ARGUMENTS));
  const result = fields.see(RESULT);
  if (args === undefined) fields.dropContent(ARGUMENTS);
  fields.drop(ARGUMENTS);
  fields.dropContent(RESULT, 'gen_ai.tool.definitions', 'gen_ai.input.messages', 'gen_ai.output.messages');
  const call: Call = {
    fields,
    name,
    args: args ?? [],
    common: {
      outcome,
      reason,
      durationMs,
      callId: fields.text('gen_ai.tool.call.id', 'gen_ai.tool.call_id'),
      toolName: name,
    },
  };
  // A server may use any tool name: a tool named `bash` is still an MCP call.
  if (fields.see('mcp.method.name') !== undefined || fields.see('mcp.server.name') !== undefined) return mcpCall(call);
  return command(call, result) ?? fileAccess(call) ?? fetch(call) ?? plainCall(call);
}

const COMMAND_KEYS = ['process.command_line', 'process.command_args', 'process.command'];

/** A shell tool with a line, or any tool that names the process it ran. */
function command(call: Call, result: AnyValue | undefined): DraftPart | undefined {
  const { fields, name, args, common } = call;
  const found = isShellTool(name) ? commandOf(args) : undefined;
  // Attributes that the resource repeats describe how the program itself was started.
  const ofTool = (key: string): AnyValue | undefined => (fields.isOfResource(key) ? undefined : fields.see(key));
  const line = found?.line ?? COMMAND_KEYS.map((key) => lineOf(ofTool(key))).find((told) => told !== undefined);
  if (line === undefined && !isShellTool(name)) return undefined;
  keep(call, [found?.key ?? '', 'cwd', 'workdir']);
  if (fields.seeText('process.command_line') === line) fields.drop('process.command_line');
  const exitCode = fields.number('process.exit.code') ?? exitCodeOf(result);
  const ended = exitCode === undefined ? common.outcome : exitCode === 0 ? 'success' : 'failure';
  return {
    ...common,
    category: 'command',
    action: 'run',
    // An exit code is the outcome of the command; other failures and refusals are reported separately.
    outcome: common.outcome === 'success' ? ended : common.outcome,
    commandLine: line,
    cwd: textOf(args, 'cwd') ?? textOf(args, 'workdir'),
    exitCode,
    outputBytes:
      fields.number(AGENT_ATTRIBUTES.outputBytes) ?? (typeof result === 'string' ? outputBytesOf(result) : undefined),
  };
}

const EXIT_KEYS = ['exit_code', 'exitCode', 'returncode', 'return_code', 'exit'];

/** A number under one of these names in an object result. Texts are output and may imitate anything. */
function exitCodeOf(result: AnyValue | undefined): number | undefined {
  const members = parseArguments(result);
  if (members === undefined) return undefined;
  for (const object of [members, parseArguments(firstOf(members, 'metadata')) ?? []]) {
    for (const key of EXIT_KEYS) {
      const code = numberOf(object, key);
      if (code !== undefined && Number.isInteger(code)) return code;
    }
  }
  return undefined;
}

/** A text result is the output; a JSON result wraps it. */
function outputBytesOf(result: string): number | undefined {
  const members = parseArguments(result);
  if (members === undefined) return utf8Length(result);
  const output = firstOf(members, 'output') ?? firstOf(members, 'stdout');
  return typeof output === 'string' ? utf8Length(output) : undefined;
}

type Operation = 'read' | 'search' | 'create' | 'update' | 'delete' | 'move';

const FILE_TOOLS: Readonly<Record<string, Operation>> = {
  read: 'read',
  read_file: 'read',
  view: 'read',
  view_file: 'read',
  open_file: 'read',
  cat: 'read',
  notebookread: 'read',
  write: 'create',
  write_file: 'create',
  create: 'create',
  create_file: 'create',
  write_to_file: 'create',
  save_file: 'create',
  edit: 'update',
  multiedit: 'update',
  edit_file: 'update',
  replace: 'update',
  str_replace: 'update',
  apply_diff: 'update',
  str_replace_editor: 'update',
  str_replace_based_edit_tool: 'update',
  replace_in_file: 'update',
  insert: 'update',
  update_file: 'update',
  append_file: 'update',
  notebookedit: 'update',
  delete: 'delete',
  delete_file: 'delete',
  remove_file: 'delete',
  move: 'move',
  move_file: 'move',
  rename: 'move',
  rename_file: 'move',
  grep: 'search',
  glob: 'search',
  search_files: 'search',
  list_files: 'search',
  list_directory: 'search',
  ls: 'search',
  find_files: 'search',
  grep_search: 'search',
  codebase_search: 'search',
  rg: 'search',
};

/** Tools with their own argument for reading, writing or changing a file. */
const EDITOR_COMMANDS: Readonly<Record<string, Operation>> = {
  view: 'read',
  create: 'create',
  str_replace: 'update',
  insert: 'update',
  undo_edit: 'update',
  delete: 'delete',
  rename: 'move',
};

const PATH_KEYS = [
  'file_path',
  'path',
  'filePath',
  'filename',
  'target_file',
  'absolute_path',
  'notebook_path',
  'dir_path',
];
const TARGET_KEYS = ['new_path', 'destination', 'target'];
const TEXT_KEYS = ['content', 'contents', 'file_text'];

function fileAccess(call: Call): DraftPart | undefined {
  const { fields, args, common } = call;
  const tool = call.name.toLowerCase();
  const named = Object.hasOwn(FILE_TOOLS, tool) ? FILE_TOOLS[tool] : undefined;
  const attribute = fields.seeText('file.path');
  if (named === undefined && attribute === undefined) return undefined;
  const own = textOf(args, 'command');
  const edited = named === 'update' && own !== undefined && Object.hasOwn(EDITOR_COMMANDS, own);
  const told = FileOperation.safeParse(fields.see(AGENT_ATTRIBUTES.fileOperation)).data;
  if (told !== undefined) fields.drop(AGENT_ATTRIBUTES.fileOperation);
  const operation = told ?? (edited ? EDITOR_COMMANDS[own] : named);
  const pathKey = PATH_KEYS.find((key) => typeof firstOf(args, key) === 'string');
  const targetKey =
    operation === 'move' ? TARGET_KEYS.find((key) => typeof firstOf(args, key) === 'string') : undefined;
  const from = pathKey === undefined ? undefined : textOf(args, pathKey);
  const target = targetKey === undefined ? undefined : textOf(args, targetKey);
  const filePath = target ?? from ?? attribute;
  const movedFrom = fields.text(AGENT_ATTRIBUTES.movedFrom) ?? (target === undefined ? undefined : from);
  // A search without a folder searches the working directory; any other tool without a file is not a file access.
  if (filePath === undefined && operation !== 'search') return undefined;
  keep(call, [targetKey === undefined ? (pathKey ?? '') : targetKey]);
  if (attribute !== undefined && attribute === filePath) fields.drop('file.path');
  const text = TEXT_KEYS.map((key) => firstOf(args, key)).find((value) => typeof value === 'string');
  return {
    ...common,
    category: 'file',
    // An unknown tool with `file.path` accessed that file. The record does not say how; a read is the weakest claim.
    action: operation ?? 'read',
    filePath,
    fileOperation: operation,
    fileBytes:
      fields.number('file.size') ?? (operation === 'create' && text !== undefined ? utf8Length(text) : undefined),
    ...(movedFrom === undefined ? {} : { notes: { 'vigil.moved_from': movedFrom.slice(0, MAX_REASON_LENGTH) } }),
  };
}

const FETCH_TOOLS = new Set([
  'webfetch',
  'web_fetch',
  'fetch',
  'fetch_url',
  'http_request',
  'browser_navigate',
  'open_url',
]);
const SEARCH_TOOLS = new Set(['websearch', 'web_search', 'google_web_search', 'search_web']);

function fetch(call: Call): DraftPart | undefined {
  const { fields, args, common } = call;
  const tool = call.name.toLowerCase();
  if (SEARCH_TOOLS.has(tool)) {
    keep(call, []);
    return { ...common, category: 'network', action: 'search' };
  }
  const url = textOf(args, 'url') ?? textOf(args, 'uri') ?? fields.seeText('url.full');
  const host = fields.seeText('server.address');
  if (!FETCH_TOOLS.has(tool) && fields.see('url.full') === undefined && host === undefined) return undefined;
  keep(call, []);
  const address = addressOf(url);
  return {
    ...common,
    category: 'network',
    action: 'fetch',
    ...address,
    networkHost: address.networkHost ?? fields.text('server.address'),
    networkPort: address.networkPort ?? fields.number('server.port'),
    networkProtocol: address.networkProtocol ?? fields.text('url.scheme', 'network.protocol.name'),
    networkMethod: fields.text('http.request.method') ?? textOf(args, 'method'),
    bytesOut: fields.number('http.request.body.size'),
    bytesIn: fields.number('http.response.body.size'),
  };
}

function mcpCall(call: Call): DraftPart {
  keep(call, []);
  return {
    ...call.common,
    category: 'mcp',
    action: 'call',
    mcpServer: call.fields.text('mcp.server.name') ?? call.fields.seeText('server.address'),
  };
}

function plainCall(call: Call): DraftPart {
  keep(call, []);
  return { ...call.common, category: 'tool', action: 'call' };
}

function keep({ fields, args }: Call, taken: readonly string[]): void {
  for (const [key, value] of keptArguments(ARGUMENTS, args, new Set(taken))) fields.note(key, value);
}
