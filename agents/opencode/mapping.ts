/**
 * OpenCode (written against 1.18.33), recognised by its instrumentation scope.
 *
 * What it did is on spans of the AI SDK that it is built on, which it exports with `experimental.openTelemetry` only:
 * `ai.toolCall` is the command, file change or fetch, `ai.*.doStream` (`doGenerate`) the model call. The spans around them repeat
 * this, and about a thousand others are internal. Only one log is mapped: `created`, a session with its folder and,
 * if another session started it, its parent.
 *
 * OpenCode does not export prompts (except within those of model calls), approval mode, host, and what was allowed: the log record of a
 * decision (`evaluated`) names neither session nor call, so only a denial is known, by the error of its call. It exits before its
 * last batch is sent, so the end of a session is missing.
 */
import { textOf } from '../../schemas/otlp/attributes.ts';
import type { AnyValue, Attributes, FlatRecord, LogRecord, SpanRecord } from '../../schemas/otlp/record.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { eventsOf, spanDurationMs, timeOf } from '../mapping/event-draft.ts';
import type { DraftBase, DraftPart } from '../mapping/event-draft.ts';
import { failureOf, toolPart } from '../genai/tools.ts';
import { type Mapped, type Mapping, bySignal, skip } from '../mapping/mapping.ts';
import { patchParts } from '../tools/patch-parts.ts';
import { RecordFields } from '../mapping/record-fields.ts';
import { parseArguments } from '../tools/tool-arguments.ts';

const ID = 'opencode@1';
const SCOPE = 'opencode';

const MODEL_SPANS = new Set([
  'ai.streamText.doStream',
  'ai.generateText.doGenerate',
  'ai.streamObject.doStream',
  'ai.generateObject.doGenerate',
]);
const REPEATING_SPANS = new Set([
  'ai.streamText',
  'ai.generateText',
  'ai.streamObject',
  'ai.generateObject',
  'Tool.execute',
]);

export const mapping: Mapping = {
  id: ID,
  matches: (_resource, scope) => scope.name === SCOPE,
  map: bySignal({ log: mapLog, span: mapSpan, metric: () => skip('unmapped_metric') }),
};

function mapSpan(record: SpanRecord): Mapped {
  if (record.name === 'ai.toolCall') {
    const tool = record.peek('ai.toolCall.name') ?? '';
    const fields = new RecordFields(renamed(record.attributes, tool), record.resource);
    dropRequest(record, fields);
    return finish(record, fields, toolParts(record, fields, tool));
  }
  if (!MODEL_SPANS.has(record.name)) return skip(REPEATING_SPANS.has(record.name) ? 'repeated_elsewhere' : 'internal');
  const fields = new RecordFields(record.attributes, record.resource);
  dropRequest(record, fields);
  return finish(record, fields, [modelPart(record, fields)]);
}

/** The AI SDK's names for the tool-call attributes of the GenAI conventions. */
const RENAMED: Readonly<Record<string, string>> = {
  'ai.toolCall.name': 'gen_ai.tool.name',
  'ai.toolCall.id': 'gen_ai.tool.call.id',
  'ai.toolCall.args': 'gen_ai.tool.call.arguments',
  'ai.toolCall.result': 'gen_ai.tool.call.result',
};

/** Any other tool belongs to a plugin or an MCP server (`server_tool`), which may name it `run_command`. */
const OWN_TOOLS = new Set([
  'bash',
  'read',
  'write',
  'edit',
  'multiedit',
  'patch',
  'apply_patch',
  'glob',
  'grep',
  'list',
  'webfetch',
  'websearch',
]);

/** A tool that is not OpenCode's own gets a name without a known meaning. */
function renamed(attributes: Attributes, tool: string): Attributes {
  const known = OWN_TOOLS.has(tool) ? tool : `other ${tool}`;
  return attributes.map(([key, value]) => {
    const name = (Object.hasOwn(RENAMED, key) ? RENAMED[key] : undefined) ?? key;
    return [name, name === 'gen_ai.tool.name' ? known : value];
  });
}

/** The SDK's attributes about itself and each request: function names, and headers, which may hold credentials. */
function dropRequest(record: SpanRecord, fields: RecordFields): void {
  fields.drop('operation.name', 'resource.name', 'ai.operationId');
  for (const [key] of record.attributes) if (key.startsWith('ai.request.headers.')) fields.drop(key);
}

const PATCH_TOOLS = new Set(['apply_patch', 'patch']);

function toolParts(record: SpanRecord, fields: RecordFields, tool: string): readonly DraftPart[] {
  const failure = failureOf(record, fields);
  const durationMs = spanDurationMs(record);
  const args = parseArguments(fields.see('gen_ai.tool.call.arguments')) ?? [];
  const patch = PATCH_TOOLS.has(tool) ? textOf(args, 'patchText') : undefined;
  const part = { ...toolPart(fields, failure), toolName: tool, durationMs };
  const isDenied = OWN_TOOLS.has(tool) && DENIALS.some((words) => failure.reason?.startsWith(words) === true);
  if (isDenied) return deniedParts(part);
  if (patch !== undefined) return patchParts(part, patch, fields);
  // A stopped command has no exit code, and the success of its tool does not show the command's outcome.
  const isOpen = part.category === 'command' && part.exitCode === undefined && part.outcome === 'success';
  return [isOpen ? { ...part, outcome: 'unknown' } : part];
}

/** OpenCode's errors for a call that a person did not allow (or nobody could), and for one that a rule forbids. */
const DENIALS = [
  'The user rejected permission to use this specific tool call',
  'The user has specified a rule which prevents you',
];

function deniedParts(part: DraftPart): readonly DraftPart[] {
  const { callId, toolName, reason } = part;
  const denied = { outcome: 'denied', reason, callId, toolName } as const;
  return [
    { ...denied, category: 'approval', action: 'decide', decision: 'denied' },
    { ...part, ...denied },
  ];
}

function modelPart(record: SpanRecord, fields: RecordFields): DraftPart {
  const failure = failureOf(record, fields);
  fields.dropContent(
    'ai.prompt',
    'ai.prompt.messages',
    'ai.prompt.tools',
    'ai.response.text',
    'ai.response.reasoning',
    'ai.response.object',
    'ai.response.toolCalls',
  );
  // These are exported twice, under the SDK's names and under those of the conventions.
  fields.drop('gen_ai.request.model', 'gen_ai.response.finish_reasons', 'gen_ai.response.id', 'ai.model.provider');
  const part: DraftPart = {
    category: 'model',
    action: failure.outcome === 'failure' ? 'error' : 'request',
    ...failure,
    model: fields.text('ai.response.model', 'gen_ai.response.model') ?? fields.text('ai.model.id'),
    provider: fields.text('gen_ai.system'),
    inputTokens: fields.number('ai.usage.inputTokens', 'gen_ai.usage.input_tokens'),
    outputTokens: fields.number('ai.usage.outputTokens', 'gen_ai.usage.output_tokens'),
    durationMs: spanDurationMs(record),
  };
  fields.drop('gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.response.model');
  return part;
}

/** `["created", "{\"id\":…}"]`: a message and its fields. */
function mapLog(record: LogRecord): Mapped {
  const [message, text]: readonly AnyValue[] = Array.isArray(record.body) ? (record.body as readonly AnyValue[]) : [];
  if (message !== 'created' || typeof text !== 'string') return skip('internal');
  const created = parseFields(text);
  const sessionId = created === undefined ? undefined : textOf(created, 'id');
  if (created === undefined || sessionId?.startsWith('ses_') !== true) return skip('internal');
  const fields = new RecordFields(record.attributes, record.resource);
  fields.drop('fiberId');
  const parentSessionId = textOf(created, 'parentID');
  const cwd = textOf(created, 'directory');
  const part: DraftPart =
    parentSessionId === undefined
      ? { category: 'session', action: 'start', outcome: 'success', sessionId, cwd }
      : { category: 'session', action: 'spawn', outcome: 'success', sessionId, parentSessionId, cwd };
  return finish(record, fields, [part]);
}

/** Parses JSON in which a field may be `undefined`, which is dropped. The same words inside a text lose at most one field. */
function parseFields(text: string): Attributes | undefined {
  return parseArguments(text) ?? parseArguments(text.replace(/:undefined(?=[,}])/g, ':null'));
}

function finish(record: FlatRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: [],
    user: ['user.email', 'enduser.id', 'user.id', 'user.name'],
    install: [],
  });
  // The operating system's user name is on model calls only, and a session has one actor.
  const systemUser = fields.text('ai.telemetry.metadata.userId');
  const base: DraftBase = {
    agentName: 'opencode',
    agentVersion: fields.ofResource('service.version'),
    sessionId: fields.text('session.id', 'ai.telemetry.metadata.sessionId') ?? parts[0]?.sessionId,
    time: timeOf(record, fields),
  };
  return eventsOf(ID, record, fields, { ...base, userId: owner.claimed.userId ?? systemUser }, owner, parts);
}
