/**
 * GitHub Copilot CLI, written from its documentation (docs.github.com, "OpenTelemetry monitoring") and from what others have
 * published of versions 1.0.83 to 1.0.95; no capture of our own. Recognised by its instrumentation scope, which
 * `COPILOT_OTEL_SOURCE_NAME` changes, or its default service name.
 *
 * It follows the GenAI conventions on spans and has no log records. Its own are the events of those spans (`github.copilot.*`:
 * prompts, hooks, skills, MCP servers, the sandbox, the session's end) and the attributes of its tool calls.
 *
 * Copilot does not export what a person approved or refused, host and user (`enduser.pseudo.id` is on some spans only, so
 * it is not an identity), the working directory; and without `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true` commands, paths
 * and addresses. `github.copilot.cost` is a billing multiplier, not a cost, so it stays an attribute.
 */
import type { Attributes, SpanRecord } from '../../schemas/otlp/record.ts';
import { ownerOf } from '../mapping/agent-identity.ts';
import { spanEventParts } from './events.ts';
import { callParts } from './tools.ts';
import { eventsOf, spanDurationMs, timeOf } from '../mapping/event-draft.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import { agentParts, dropMessages, modelPart, noteException } from '../genai/parts.ts';
import { failureOf } from '../genai/tools.ts';
import { type Mapped, type Mapping, bySignal, skip } from '../mapping/mapping.ts';
import { RecordFields } from '../mapping/record-fields.ts';

const ID = 'copilot-cli@1';
const SCOPE = 'github.copilot';
const SERVICE = 'github-copilot';

type Hash = (text: string) => string;

export const mapping: Mapping = {
  id: ID,
  matches: (resource, scope) =>
    scope.name === SCOPE || resource.attributes.some(([key, value]) => key === 'service.name' && value === SERVICE),
  map: bySignal({ log: () => skip('internal'), span: mapSpan, metric: () => skip('unmapped_metric') }),
};

/** By `gen_ai.operation.name`. */
const SPANS: Readonly<Record<string, (record: SpanRecord, fields: RecordFields, hash: Hash) => readonly DraftPart[]>> =
  {
    invoke_agent: turnParts,
    chat: (record, fields) => [modelPart(fields, failureOf(record, fields))],
    execute_tool: callParts,
    execute_hook: hookParts,
  };

function mapSpan(record: SpanRecord, hash: Hash): Mapped {
  const operation = record.peek('gen_ai.operation.name');
  const parts = operation !== undefined && Object.hasOwn(SPANS, operation) ? SPANS[operation] : undefined;
  // Phases of the start, and the other side of a call that `execute_tool` reports.
  if (parts === undefined && record.events.length === 0) return skip('internal');
  const fields = new RecordFields(withoutDoubles(record.attributes), record.resource);
  noteException(record.events, fields);
  const durationMs = spanDurationMs(record);
  const own = (parts?.(record, fields, hash) ?? []).map((part) =>
    part.category === 'prompt' ? part : { ...part, durationMs },
  );
  const callId = own[0]?.callId;
  const events = record.events.flatMap((event) => spanEventParts(event, hash)).map((part) => ({ ...part, callId }));
  const all = withoutSecondPrompt([...own, ...events]);
  return all.length === 0 ? skip('internal') : finish(record, fields, all);
}

/** Some versions write a key twice with the same value. */
function withoutDoubles(attributes: Attributes): Attributes {
  const seen = new Map<string, unknown>();
  return attributes.filter(([key, value]) => {
    const double = seen.has(key) && seen.get(key) === value;
    seen.set(key, value);
    return !double;
  });
}

function turnParts(record: SpanRecord, fields: RecordFields, hash: Hash): readonly DraftPart[] {
  return agentParts(fields, failureOf(record, fields), spanDurationMs(record), hash);
}

/** Hooks have spans in VS Code, and events of the model call's span in the CLI. */
function hookParts(record: SpanRecord, fields: RecordFields): readonly DraftPart[] {
  dropMessages(fields);
  const decision = fields.seeText('github.copilot.hook.decision');
  const { outcome, reason } = failureOf(record, fields);
  return [{ category: 'tool', action: 'hook', outcome: decision === 'block' ? 'denied' : outcome, reason }];
}

/** With content recorded, a prompt is in the turn's messages and in an event; the more detailed one is kept. */
function withoutSecondPrompt(parts: readonly DraftPart[]): readonly DraftPart[] {
  const prompts = parts.filter(({ category, action }) => category === 'prompt' && action === 'submit');
  if (prompts.length < 2) return parts;
  const isEvent = (part: DraftPart): boolean => part.notes !== undefined;
  const withText = prompts.filter(({ contentHash }) => contentHash !== undefined);
  const kept = withText.find(isEvent) ?? withText[0] ?? prompts[0];
  // Several events are several prompts; the messages repeat one of them.
  return prompts.filter(isEvent).length > 1
    ? parts.filter((part) => part.category !== 'prompt' || isEvent(part))
    : parts.filter((part) => part.category !== 'prompt' || part === kept);
}

function finish(record: SpanRecord, fields: RecordFields, parts: readonly DraftPart[]): Mapped {
  const owner = ownerOf(fields, {
    account: [],
    user: ['user.email', 'enduser.id', 'user.id', 'user.name'],
    install: [],
  });
  const sessionId = fields.text('gen_ai.conversation.id');
  const agentId = fields.text('gen_ai.agent.id');
  const base = {
    agentName: 'copilot-cli',
    agentVersion: fields.text('gen_ai.agent.version') ?? fields.ofResource('service.version'),
    sessionId,
    // The main agent has the session's own id.
    agentId: agentId === sessionId ? undefined : agentId,
    turnId: fields.text('github.copilot.interaction_id'),
    repository: fields.text('github.copilot.git.repository'),
    time: timeOf(record, fields),
  };
  fields.dropOfResource('service.name', SERVICE);
  fields.dropOfResource('service.version', base.agentVersion);
  const claimed = { ...owner, claimed: { ...owner.claimed, repository: owner.claimed.repository ?? base.repository } };
  return eventsOf(ID, record, fields, base, claimed, parts);
}
