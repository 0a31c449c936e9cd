/** The record of one thing an agent did (topic `agent.events.v1`, table `events`). */
import { z } from 'zod';
import { col } from './column.ts';
import { Count, Hex16, Hex32, Int32, NAME, TIME, UInt16, UInt32, UnixMs, text, wellFormedWithin } from './scalars.ts';

export const Category = z.enum([
  'command',
  'file',
  'network',
  'approval',
  'sandbox',
  'prompt',
  'model',
  'tool',
  'mcp',
  'session',
  'auth',
  'config',
  'telemetry',
]);
export type Category = z.infer<typeof Category>;

export const Outcome = z.enum(['success', 'failure', 'denied', 'unknown']);
export type Outcome = z.infer<typeof Outcome>;

export const Signal = z.enum(['log', 'span', 'metric']);
export type Signal = z.infer<typeof Signal>;

export const FileOperation = z.enum(['read', 'search', 'create', 'update', 'delete', 'move']);
export const Decision = z.enum(['approved', 'denied', 'aborted', 'timed_out', 'unknown']);
export const DecisionScope = z.enum(['once', 'session', 'always']);

const id = text(256);
const path = text(8192);

/** UTF-16 units. */
const ATTRIBUTE_KEY = 512;
const ATTRIBUTE_TEXT = 65_536;

export const AgentEvent = z.strictObject({
  eventId: col(
    Hex32,
    'FixedString(32)',
    'own',
    'Hash over tenant, resource, scope, metric, record bytes and ordinal: a repeated export gives the same id',
  ),
  tenant: col(id, NAME, 'own', 'Owner of the data; every query filters on it'),
  actor: col(text(600), 'String', 'personal', 'Widest identity of the session, namespaced by sender: `sender/kind:id`'),
  sender: col(id, NAME, 'own', 'Credential that sent the record'),
  userId: col(id.optional(), 'String', 'personal', 'Account or user id as the agent names it'),
  userEmail: col(text(320).optional(), 'String', 'personal', 'E-mail address the agent claims'),
  host: col(id.optional(), 'String', 'personal', 'Host name'),
  agentName: col(text(64), NAME, 'own', 'Agent program: codex, claude-code, …'),
  agentVersion: col(text(64).optional(), NAME, 'product', 'Version of the agent program'),
  sessionId: col(id, 'String', 'id', 'Conversation, as the agent numbers it'),
  parentSessionId: col(
    id.optional(),
    'String',
    'id',
    'Session that started this one (sub-agents with a session of their own); in the log and the table only on the record that tells it',
  ),
  agentId: col(id.optional(), 'String', 'id', 'Sub-agent within the session'),
  turnId: col(id.optional(), 'String', 'id', 'One prompt and all that followed from it'),
  callId: col(id.optional(), 'String', 'id', 'Tool call; joins approval, result and sandbox outcome'),
  parentCallId: col(
    id.optional(),
    'String',
    'id',
    'Tool call that started the sub-agent this event belongs to; joined by the API when it reads events, empty in the log and the table',
  ),
  traceId: col(Hex32.optional(), 'String', 'own', 'W3C trace id'),
  spanId: col(Hex16.optional(), 'String', 'own', 'W3C span id'),
  repository: col(text(1024).optional(), 'String', 'text', 'Repository the agent works in'),
  cwd: col(path.optional(), 'String', 'text', 'Working directory'),

  time: col(UnixMs, TIME, 'own', 'When it happened; a time in the future is held to receivedAt', 'ms since epoch'),
  receivedAt: col(UnixMs, TIME, 'own', 'When the collector took it', 'ms since epoch'),
  sequence: col(Count.optional(), 'Nullable(UInt64)', 'own', "The agent's own counter, where it has one"),

  category: col(Category, NAME, 'own', 'Kind of activity'),
  action: col(text(64), NAME, 'own', 'What was done, within the category'),
  outcome: col(Outcome, NAME, 'own', 'How it ended; unknown where the agent does not say'),
  reason: col(text(4096).optional(), 'String', 'text', 'Why it failed or was refused, in the agent’s words'),
  durationMs: col(UInt32.optional(), 'Nullable(UInt32)', 'own', 'How long it took', 'ms'),

  commandLine: col(text(1_048_576).optional(), 'String', 'text', 'Shell line as the agent asked for it'),
  program: col(
    text(1024).optional(),
    'String',
    'text',
    'First program the line runs, wrappers removed; of a derived event the program of the line that it comes from',
  ),
  arguments: col(
    z.array(z.string().max(65_536)).max(1024).check(wellFormedWithin).optional(),
    'Array(String)',
    'text',
    'Arguments of that program',
  ),
  exitCode: col(Int32.optional(), 'Nullable(Int32)', 'own', 'Exit code, where the agent tells it'),
  outputBytes: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Size of the output as the agent reports it', 'bytes'),

  filePath: col(path.optional(), 'String', 'text', 'File touched'),
  fileOperation: col(FileOperation.optional(), NAME, 'own', 'What happened to the file'),
  fileBytes: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Bytes written', 'bytes'),

  networkHost: col(text(1024).optional(), 'String', 'text', 'Remote host'),
  networkPort: col(UInt16.optional(), 'Nullable(UInt16)', 'own', 'Remote port'),
  networkProtocol: col(text(32).optional(), NAME, 'text', 'http, https, socks5_tcp, …'),
  networkMethod: col(text(32).optional(), NAME, 'text', 'Request method'),
  bytesOut: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Bytes sent', 'bytes'),
  bytesIn: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Bytes received', 'bytes'),

  decision: col(Decision.optional(), NAME, 'own', 'Outcome of an approval'),
  decisionScope: col(DecisionScope.optional(), NAME, 'own', 'How far the approval reaches'),
  decisionSource: col(text(64).optional(), NAME, 'text', 'Who decided: config, user, hook, reviewer, …'),
  approvalMode: col(text(64).optional(), NAME, 'text', 'Approval policy or permission mode in force'),

  sandboxMode: col(text(64).optional(), NAME, 'text', 'Sandbox in force'),
  sandboxOutcome: col(text(64).optional(), NAME, 'text', 'What the sandbox did'),

  toolName: col(id.optional(), 'String', 'text', 'Tool, as the agent names it'),
  mcpServer: col(id.optional(), 'String', 'text', 'MCP server of the tool'),

  model: col(text(128).optional(), NAME, 'product', 'Model'),
  provider: col(text(128).optional(), NAME, 'product', 'Model provider'),
  inputTokens: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Tokens read by the model'),
  outputTokens: col(Count.optional(), 'Nullable(UInt64)', 'own', 'Tokens written by the model'),
  costUsd: col(
    z.number().min(0).max(1e9).optional(),
    'Nullable(Float64)',
    'own',
    'Cost as the agent computes it',
    'USD',
  ),

  contentLength: col(
    Count.optional(),
    'Nullable(UInt64)',
    'own',
    'Length of a prompt or answer whose text is not kept',
    'characters',
  ),
  contentHash: col(Hex32.optional(), 'String', 'own', 'First 128 bits of the SHA-256 of that text'),

  signal: col(Signal, NAME, 'own', 'OTLP signal the event came from'),
  scope: col(text(256).optional(), NAME, 'product', 'Instrumentation scope'),
  mapping: col(
    text(64),
    NAME,
    'own',
    'Mapping and its version: codex@1; command-line@2 for events derived from a command line',
  ),
  derivedFrom: col(
    Hex32.optional(),
    'String',
    'own',
    'eventId of the command whose line implies this event; empty on what the agent told itself',
  ),
  redactions: col(
    z.array(text(128)).max(256).optional(),
    'Array(LowCardinality(String))',
    'own',
    'What was redacted: field and kind; where there was more, the last entry says how many were left out',
  ),
  attributes: col(
    z.record(z.string().max(ATTRIBUTE_KEY), z.string().max(ATTRIBUTE_TEXT)).check(wellFormedWithin),
    'Map(LowCardinality(String), String)',
    'text',
    'All that was not mapped, flattened to text by dotted key',
  ),
});
export type AgentEvent = z.infer<typeof AgentEvent>;

/** The record of attributes alone is walked faster than zod's code for it does. */
const compiled = z.compile(AgentEvent.extend({ attributes: z.custom(areAttributes) }), { strict: true });

/**
 * Faster than `AgentEvent.safeParse` by several times: no copy, no issues. True for records alone; false also for one whose attributes
 * are as long as they may be and hold characters outside of the Basic Multilingual Plane, which count twice here.
 */
export function isAgentEvent(value: unknown): value is AgentEvent {
  return compiled.validate(value);
}

function areAttributes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    const text = (value as Record<string, unknown>)[key];
    if (typeof text !== 'string' || text.length > ATTRIBUTE_TEXT || !text.isWellFormed()) return false;
    if (key.length > ATTRIBUTE_KEY || !key.isWellFormed()) return false;
  }
  return true;
}

/** An event in the making: every field is there, in the order of the schema, most of them undefined. */
export type EventFields = Record<keyof AgentEvent, unknown>;

/**
 * Every field, none with a value. An object that grows field by field becomes a hash table in V8, of which each read, copy, check
 * and `JSON.stringify` costs several times more; one that `JSON.parse` made, and its copies, have one layout.
 */
const blank = JSON.parse(
  JSON.stringify(Object.fromEntries(Object.keys(AgentEvent.shape).map((field) => [field, 0]))),
) as EventFields;
for (const field of Object.keys(blank)) blank[field as keyof AgentEvent] = undefined;

export function blankEvent(): EventFields {
  return { ...blank };
}
