/** Model calls and turns by the conventions, for any agent that follows them. Only the length of content is kept. */
import { AGENT_ATTRIBUTES } from '../../schemas/records/agent-attributes.ts';
import type { AnyValue, SpanEvent } from '../../schemas/otlp/record.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import type { Failure } from './tools.ts';
import { type RecordFields, scalarText } from '../mapping/record-fields.ts';
import { parseArguments } from '../tools/tool-arguments.ts';

export function modelPart(fields: RecordFields, failure: Failure): DraftPart {
  dropMessages(fields);
  return {
    category: 'model',
    action: failure.outcome === 'failure' ? 'error' : 'request',
    ...failure,
    model: fields.text('gen_ai.response.model') ?? fields.text('gen_ai.request.model'),
    provider: fields.text('gen_ai.provider.name', 'gen_ai.system'),
    inputTokens: fields.number('gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'),
    outputTokens: fields.number('gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
    costUsd: fields.number(AGENT_ATTRIBUTES.costUsd),
  };
}

/** One turn and, if content is recorded, the prompt that started it. */
export function agentParts(
  fields: RecordFields,
  failure: Failure,
  durationMs: number | undefined,
  hash: (text: string) => string,
): readonly DraftPart[] {
  const prompt = promptOf(fields, hash);
  dropMessages(fields);
  const turn: DraftPart = {
    category: 'session',
    action: 'turn',
    ...failure,
    provider: fields.text('gen_ai.provider.name', 'gen_ai.system'),
    model: fields.text('gen_ai.response.model') ?? fields.text('gen_ai.request.model'),
    durationMs,
  };
  if (prompt === undefined) return [turn];
  return [turn, { category: 'prompt', action: 'submit', outcome: 'success', ...prompt }];
}

const HASH = /^[0-9a-f]{32}$/;

/** Length and hash of the prompt: from its text if recorded, else as the program reports them. */
function promptOf(
  fields: RecordFields,
  hash: (text: string) => string,
): Pick<DraftPart, 'contentLength' | 'contentHash' | 'contentText'> | undefined {
  const length = fields.number(AGENT_ATTRIBUTES.promptLength);
  const told = fields.text(AGENT_ATTRIBUTES.promptHash);
  const text = lastUserText(fields.see('gen_ai.input.messages'));
  if (text !== undefined) return { contentLength: text.length, contentHash: hash(text), contentText: text };
  if (length === undefined) return undefined;
  return { contentLength: length, contentHash: told !== undefined && HASH.test(told) ? told : undefined };
}

export function dropMessages(fields: RecordFields): void {
  fields.dropContent(
    'gen_ai.input.messages',
    'gen_ai.output.messages',
    'gen_ai.system_instructions',
    'gen_ai.tool.definitions',
    'gen_ai.prompt',
    'gen_ai.completion',
    'gen_ai.retrieval.documents',
    'gen_ai.retrieval.query.text',
  );
}

/** Text of the last message if a user wrote it: `[{role, parts: [{type: "text", content}]}]`, structured or as JSON. */
export function lastUserText(value: AnyValue | undefined): string | undefined {
  const messages = typeof value === 'string' ? parseArguments(`{"messages":${value}}`)?.[0]?.[1] : value;
  const last: AnyValue | undefined = Array.isArray(messages) ? (messages as readonly AnyValue[]).at(-1) : undefined;
  const message = parseArguments(last);
  if (message === undefined || scalarText(message, 'role') !== 'user') return undefined;
  const parts = message.find(([key]) => key === 'parts')?.[1];
  if (!Array.isArray(parts)) return scalarText(message, 'content');
  const texts = (parts as readonly AnyValue[]).map((part) => scalarText(parseArguments(part) ?? [], 'content') ?? '');
  const text = texts.join('');
  return text === '' ? undefined : text;
}

export function noteException(events: readonly SpanEvent[], fields: RecordFields): void {
  const exception = events.find(({ name }) => name === 'exception');
  if (exception === undefined) return;
  fields.note('exception.type', scalarText(exception.attributes, 'exception.type'));
  fields.note('exception.message', scalarText(exception.attributes, 'exception.message'));
}
