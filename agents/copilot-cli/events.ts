/** Events on Copilot CLI's spans, by the name behind `github.copilot.`, each as events of ours. */
import { nanosToMs } from '../../schemas/otlp/wire-time.ts';
import type { Resource, SpanEvent } from '../../schemas/otlp/record.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import { RecordFields } from '../mapping/record-fields.ts';
import { outcomeOfSuccess } from '../mapping/vocabulary.ts';

const PREFIX = 'github.copilot.';

type Hash = (text: string) => string;
type Reader = (fields: RecordFields, hash: Hash) => readonly DraftPart[];

const EVENTS: Readonly<Record<string, Reader>> = {
  'user.message': userMessage,
  // The end event repeats this and adds the outcome.
  'hook.start': () => [],
  'hook.end': hook,
  'hook.error': (fields) => [
    { category: 'tool', action: 'hook', outcome: 'failure', reason: fields.text('github.copilot.hook.error_message') },
  ],
  'skill.invoked': skill,
  'session.truncation': () => [{ category: 'model', action: 'compact', outcome: 'success' }],
  'session.compaction_start': () => [],
  'session.compaction_complete': (fields) => [
    { category: 'model', action: 'compact', outcome: outcomeOfSuccess(fields.boolean('github.copilot.success')) },
  ],
  'session.shutdown': () => [{ category: 'session', action: 'end', outcome: 'success' }],
  'session.abort': (fields) => [
    { category: 'telemetry', action: 'event', outcome: 'unknown', reason: fields.text('github.copilot.abort_reason') },
  ],
  'session.usage_info': () => [],
  'mcp.server.lifecycle': server,
  'sandbox.enforcement_state': sandbox,
};

/** Returns none for an event that is not Copilot's own: `exception`, and content under the conventions' names. */
export function spanEventParts(event: SpanEvent, hash: Hash): readonly DraftPart[] {
  if (!event.name.startsWith(PREFIX)) return [];
  const name = event.name.slice(PREFIX.length);
  const read = Object.hasOwn(EVENTS, name) ? EVENTS[name] : undefined;
  const fields = new RecordFields(event.attributes, NOTHING);
  const parts = read === undefined ? other(fields) : read(fields, hash);
  const time = nanosToMs(event.timeUnixNano);
  const notes = { ...fields.rest(), 'event.name': event.name };
  return parts.map((part) => ({ ...part, time, notes }));
}

/** The span repeats its resource. */
const NOTHING: Resource = { attributes: [], bytes: new Uint8Array() };

function other(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent('content', 'github.copilot.message', 'github.copilot.content');
  return [{ category: 'telemetry', action: 'event', outcome: 'unknown' }];
}

function userMessage(fields: RecordFields, hash: Hash): readonly DraftPart[] {
  const text = fields.seeText('github.copilot.message') ?? fields.seeText('content');
  fields.dropContent('github.copilot.message', 'content');
  const turnId = fields.text('github.copilot.user.message.interaction_id');
  return [
    {
      category: 'prompt',
      action: 'submit',
      outcome: 'success',
      turnId,
      contentLength: text?.length,
      contentHash: text === undefined ? undefined : hash(text),
      contentText: text,
    },
  ];
}

/** Answers of a pre-tool hook that block the tool. */
const BLOCKS = new Set(['deny', 'block']);
const BEFORE_TOOL = 'preToolUse';

function hook(fields: RecordFields): readonly DraftPart[] {
  const decision = fields.seeText('github.copilot.hook.decision');
  const seconds = fields.number('github.copilot.hook.duration');
  const durationMs = seconds === undefined ? undefined : Math.round(seconds * 1_000);
  const blocks = decision !== undefined && BLOCKS.has(decision);
  const failed = decision === 'non_blocking_error';
  const ran: DraftPart = {
    category: 'tool',
    action: 'hook',
    outcome: blocks ? 'denied' : failed ? 'failure' : 'success',
    durationMs,
  };
  if (!blocks || fields.seeText('github.copilot.hook.type') !== BEFORE_TOOL) return [ran];
  const [toolName] = namesIn(fields.seeText('github.copilot.hook.tool_names'));
  return [
    ran,
    { category: 'approval', action: 'decide', outcome: 'denied', decision: 'denied', decisionSource: 'hook', toolName },
  ];
}

/** `["bash"]` */
function namesIn(json: string | undefined): readonly string[] {
  try {
    const names: unknown = JSON.parse(json ?? '[]');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

function skill(fields: RecordFields): readonly DraftPart[] {
  fields.dropContent('github.copilot.skill.content');
  const toolName = fields.text('gen_ai.skill.name', 'github.copilot.skill.name');
  return [{ category: 'tool', action: 'skill', outcome: 'success', toolName }];
}

const CONNECTED = new Set(['connected', 'running', 'ready']);
const GONE = new Set(['disconnected', 'removed', 'stopped']);
const FAILED = new Set(['failed', 'error']);

/** Only the result is kept: a session reports some thirty intermediate states. */
function server(fields: RecordFields): readonly DraftPart[] {
  const state = fields.seeText('github.copilot.mcp.server.state') ?? '';
  const mcpServer = fields.text('github.copilot.mcp.server.name') ?? fields.text('github.copilot.mcp.server.name_hash');
  const reason = fields.text('github.copilot.mcp.server.error');
  if (CONNECTED.has(state)) return [{ category: 'mcp', action: 'connect', outcome: 'success', mcpServer }];
  if (FAILED.has(state)) return [{ category: 'mcp', action: 'connect', outcome: 'failure', mcpServer, reason }];
  if (GONE.has(state)) return [{ category: 'mcp', action: 'disconnect', outcome: 'success', mcpServer }];
  return [];
}

function sandbox(fields: RecordFields): readonly DraftPart[] {
  return [
    {
      category: 'sandbox',
      action: 'report',
      outcome: 'success',
      sandboxOutcome: fields.text('github.copilot.sandbox.outcome'),
    },
  ];
}
