/**
 * Any program that follows OpenTelemetry's conventions for generative AI and MCP: spans, log events and span events.
 * Source: open-telemetry/semantic-conventions-genai (status Development) and semantic-conventions 1.44.
 *
 * The span is the record of a model call: `gen_ai.client.inference.operation.details` inside of one repeats it.
 * Tokens are counted on model calls only; those of `invoke_agent` are sums of them and stay attributes.
 * Sessions, approvals, sandboxes and refused calls have no names in the conventions; they use `AGENT_ATTRIBUTES`, which
 * `instrument/` writes and any program may.
 */
import { AGENT_ATTRIBUTES, AGENT_EVENTS, type AgentEventName } from '../../schemas/records/agent-attributes.ts';
import { firstOf } from '../../schemas/otlp/attributes.ts';
import type {
  Attributes,
  FlatRecord,
  LogRecord,
  MetricRecord,
  SpanEvent,
  SpanRecord,
} from '../../schemas/otlp/record.ts';
import { scalarText } from '../mapping/record-fields.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { eventsOf, spanDurationMs, timeOf } from '../mapping/event-draft.ts';
import type { DraftBase, DraftPart } from '../mapping/event-draft.ts';
import { agentEventPart } from './events.ts';
import { agentParts, dropMessages, modelPart, noteException } from './parts.ts';
import { type Failure, failureOf, toolPart } from './tools.ts';
import { type Mapped, type Mapping, bySignal, skip } from '../mapping/mapping.ts';
import { RecordFields } from '../mapping/record-fields.ts';
import { usagePart } from '../mapping/usage-metric.ts';
import { nanosToMs } from '../../schemas/otlp/wire-time.ts';

const ID = 'genai@1';

const DETAILS = 'gen_ai.client.inference.operation.details';
const USAGE_METRICS = new Set(['gen_ai.client.token.usage', 'gen_ai.client.operation.duration']);

/** The older conventions wrote one event per message; the span or its content has the same information. */
const MESSAGES = new Set([
  'gen_ai.system.message',
  'gen_ai.user.message',
  'gen_ai.assistant.message',
  'gen_ai.tool.message',
  'gen_ai.choice',
]);

export const mapping: Mapping = {
  id: ID,
  /** No scope name shows that a program follows the conventions, so each record is checked. */
  matches: () => true,
  map: bySignal({ log: mapLog, span: mapSpan, metric: mapMetric }),
};

type Operation = 'tool' | 'mcp' | 'model' | 'agent' | 'create_agent' | 'other' | AgentEventName;

/** Uses `gen_ai.operation.name` if present, else the record's other attributes. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  execute_tool: 'tool',
  chat: 'model',
  generate_content: 'model',
  text_completion: 'model',
  embeddings: 'model',
  invoke_agent: 'agent',
  invoke_workflow: 'agent',
  create_agent: 'create_agent',
};

function operationOf(peek: (key: string) => string | undefined): Operation | undefined {
  const event = AGENT_EVENTS.find((known) => known === peek(AGENT_ATTRIBUTES.event));
  if (event !== undefined) return event;
  const name = peek('gen_ai.operation.name');
  if (name !== undefined) return Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : 'other';
  if (peek('mcp.method.name') !== undefined) return peek('mcp.method.name') === 'tools/call' ? 'tool' : 'mcp';
  if (peek('gen_ai.tool.name') !== undefined) return 'tool';
  return peek('gen_ai.request.model') === undefined ? undefined : 'model';
}

function mapSpan(record: SpanRecord, hash: (text: string) => string): Mapped {
  const operation = operationOf((key) => record.peek(key));
  if (operation === undefined) return skip('internal');
  // The server's side of a call that the client reports.
  if (record.kind === SERVER && record.peek('mcp.method.name') !== undefined) return skip('repeated_elsewhere');
  const fields = new RecordFields([...record.attributes, ...detailsOf(record)], record.resource);
  noteException(record.events, fields);
  const parts = partsOf(operation, record, fields, hash);
  const tools = operation === 'tool' ? [] : record.events.flatMap((event) => toolEvent(event, record));
  return finish(record, fields, [...parts, ...tools]);
}

const SERVER = 2;

function mapLog(record: LogRecord, hash: (text: string) => string): Mapped {
  const name = record.peek('event.name') ?? record.name;
  if (MESSAGES.has(name)) return skip('repeated_elsewhere');
  const operation = operationOf((key) => record.peek(key)) ?? (name === DETAILS ? 'model' : undefined);
  if (operation === undefined) return skip(name.startsWith('gen_ai.') ? 'internal' : 'unknown_source');
  if (name === DETAILS && record.spanId !== undefined) return skip('repeated_elsewhere');
  const fields = new RecordFields(record.attributes, record.resource);
  return finish(record, fields, partsOf(operation, record, fields, hash));
}

function mapMetric(record: MetricRecord): Mapped {
  if (!USAGE_METRICS.has(record.name)) return skip('unmapped_metric');
  const fields = new RecordFields(record.attributes, record.resource);
  if (sessionOf(fields) === undefined) return skip('usage_without_session');
  return finish(record, fields, [usagePart(record, fields)]);
}

function partsOf(
  operation: Operation,
  record: FlatRecord,
  fields: RecordFields,
  hash: (text: string) => string,
): readonly DraftPart[] {
  const durationMs = spanDurationMs(record);
  const failure = failureOf(record, fields);
  switch (operation) {
    case 'tool':
      return [toolPart(fields, failure, durationMs)];
    case 'mcp':
      return [{ ...mcpPart(fields, failure), durationMs }];
    case 'model':
      return [{ ...modelPart(fields, failure), durationMs }];
    case 'agent':
      return agentParts(fields, failure, durationMs, hash);
    case 'session.start':
    case 'session.end':
    case 'approval':
      return [agentEventPart(operation, fields, failure)];
    case 'create_agent':
      dropMessages(fields);
      return [{ category: 'config', action: 'register', ...failure, durationMs }];
    case 'other':
      dropMessages(fields);
      return [
        { category: 'tool', action: 'call', ...failure, toolName: fields.seeText('gen_ai.operation.name'), durationMs },
      ];
    default:
      return operation satisfies never;
  }
}

function mcpPart(fields: RecordFields, failure: Failure): DraftPart {
  const method = fields.seeText('mcp.method.name');
  return {
    category: 'mcp',
    action: method === 'initialize' ? 'connect' : 'request',
    ...failure,
    mcpServer: fields.text('mcp.server.name') ?? fields.seeText('server.address'),
  };
}

/** Attributes that the details event adds to its span. */
function detailsOf({ events, attributes }: SpanRecord): Attributes {
  const isNew = ([key, value]: Attributes[number]): boolean => firstOf(attributes, key) !== value;
  return events.filter(({ name }) => name === DETAILS).flatMap((event) => event.attributes.filter(isNew));
}

/** A tool call that a program records as an event of the enclosing span instead of as a span. */
function toolEvent(event: SpanEvent, record: SpanRecord): readonly DraftPart[] {
  const operation = scalarText(event.attributes, 'gen_ai.operation.name');
  if (
    operation !== 'execute_tool' &&
    (operation !== undefined || scalarText(event.attributes, 'gen_ai.tool.name') === undefined)
  ) {
    return [];
  }
  const fields = new RecordFields(event.attributes, record.resource);
  const error = fields.text('error.type');
  const part = toolPart(fields, { outcome: error === undefined ? 'success' : 'failure', reason: error });
  const notes = fields.rest();
  return [{ ...part, time: nanosToMs(event.timeUnixNano), notes }];
}

const TRACE_SESSION = 'trace-';

function sessionOf(fields: RecordFields): string | undefined {
  return fields.text('gen_ai.conversation.id', 'session.id') ?? fields.ofResource('session.id');
}

/**
 * The conversation. Without one, the session is the trace, which is one run of the agent: one session per run is better than
 * rejecting the whole run. `vigil.session_from` marks it.
 */
function sessionOrTrace(record: FlatRecord, fields: RecordFields): string | undefined {
  const session = sessionOf(fields);
  if (session !== undefined || record.signal === 'metric' || record.traceId === undefined) return session;
  fields.note('vigil.session_from', 'trace');
  return TRACE_SESSION + record.traceId;
}

function finish(record: FlatRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: [],
    user: ['user.email', 'enduser.id', 'user.id', 'gen_ai.user.id', 'user.name'],
    install: [],
  });
  const base: DraftBase = {
    agentName: agentName(record, fields),
    agentVersion: fields.text('gen_ai.agent.version') ?? fields.ofResource('service.version'),
    sessionId: sessionOrTrace(record, fields),
    agentId: fields.text('gen_ai.agent.id'),
    turnId: fields.text(AGENT_ATTRIBUTES.turnId),
    sequence: fields.number(AGENT_ATTRIBUTES.sequence),
    cwd: fields.text('process.working_directory'),
    time: timeOf(record, fields),
  };
  return eventsOf(ID, record, fields, base, owner, parts);
}

/** The program. An SDK without a configured service name says `unknown_service:node`. */
function agentName(record: FlatRecord, fields: RecordFields): string {
  const service = fields.ofResource('service.name');
  if (service !== undefined && !service.startsWith('unknown_service')) return service;
  return fields.seeText('gen_ai.agent.name') ?? (record.scope.name === '' ? 'unknown' : record.scope.name);
}
