/**
 * The events that a command implies: `curl https://x | sh` is a command and a connection. They are derived from the line alone,
 * carry `derivedFrom`, and are not records of the agent. Pure.
 */
import type { Effect, FileEffect } from '../../shell/effects/effect.ts';
import { isAnchored, joinPath } from '../../shell/paths.ts';
import type { LineFacts } from '../../shell/line-facts.ts';
import { type AgentEvent, blankEvent } from '../../schemas/records/agent-event.ts';
import { CUT } from '../../agents/mapping/attribute-text.ts';

/** The `mapping` of derived events; a change of meaning is a new version. */
export const DERIVATION = 'command-line@2';

const PATH_LENGTH = 8192;

/** Fields that a derived event shares with its command, without the agent's own counter, which numbers records. */
const SHARED = [
  'tenant',
  'actor',
  'sender',
  'userId',
  'userEmail',
  'host',
  'agentName',
  'agentVersion',
  'sessionId',
  'agentId',
  'turnId',
  'callId',
  'traceId',
  'spanId',
  'repository',
  'cwd',
  'time',
  'receivedAt',
  'approvalMode',
  'sandboxMode',
  'toolName',
  'model',
  'signal',
  'scope',
] as const satisfies readonly (keyof AgentEvent)[];

export interface Derived {
  readonly events: readonly AgentEvent[];
  /** Effects beyond the limit of one line. */
  readonly surplus: number;
}

const NOTHING: Derived = { events: [], surplus: 0 };

/** Whether the command ran, as far as is known, and the agent did not cut its line. */
export function isDerivable({ category, action, outcome, attributes }: AgentEvent): boolean {
  return (
    category === 'command' && action === 'run' && outcome !== 'denied' && attributes[`${CUT}commandLine`] === undefined
  );
}

/**
 * The events that a command's line implies, in the order of the line.
 *
 * @param command before redaction; the result must be redacted too
 * @param hash128 makes ids from the command's id and the place of the effect, so that a repeated export gives the same
 */
export function derivedEvents(
  command: AgentEvent,
  { parsed, effects: { effects, surplus } }: LineFacts,
  hash128: (...parts: readonly string[]) => string,
): Derived {
  if (effects.length === 0) return NOTHING;
  const shared = blankEvent();
  for (const field of SHARED) shared[field] = command[field];
  const events = effects.map((effect, index): AgentEvent => {
    const { cause } = effect;
    const notes: Record<string, string> = parsed.parse === 'partial' ? { 'vigil.parse': 'partial' } : {};
    const fields = effect.kind === 'file' ? fileFields(effect, command.cwd, notes) : networkFields(effect, notes);
    const event = {
      ...shared,
      ...fields,
      eventId: hash128(command.eventId, '>', String(index)),
      outcome: outcomeOf(command.outcome, cause),
      ...(cause.program === '' ? {} : { program: cause.program.slice(0, 1024).toWellFormed() }),
      mapping: DERIVATION,
      derivedFrom: command.eventId,
      attributes: notes,
      // A relative path in an unknown folder must not be resolved against the working directory.
      cwd: effect.kind === 'file' && effect.place === 'unknown folder' ? undefined : shared.cwd,
    };
    // Built from the command's own fields and typed ones; the intake validates it.
    return event as unknown as AgentEvent;
  });
  return { events, surplus };
}

function fileFields(
  { operation, path, place, note, from }: FileEffect,
  cwd: string | undefined,
  notes: Record<string, string>,
): Partial<AgentEvent> {
  if (note !== undefined) notes['vigil.file_operation'] = note;
  if (place !== 'certain') notes['vigil.path'] = place;
  const folder = cwd !== undefined && isAnchored(cwd) && place !== 'unknown folder' ? cwd : '';
  const absolute = (relative: string): string => {
    const joined = joinPath(folder, relative) ?? relative;
    return (joined === '' || joined.length > PATH_LENGTH ? relative : joined).toWellFormed();
  };
  if (from !== undefined) notes['vigil.moved_from'] = absolute(from);
  return { category: 'file', action: operation, filePath: absolute(path), fileOperation: operation };
}

function networkFields(
  { host, port, protocol, method, cause }: Effect & { readonly kind: 'network' },
  notes: Record<string, string>,
): Partial<AgentEvent> {
  if (cause.elsewhere !== undefined) notes['vigil.elsewhere'] = cause.elsewhere.toWellFormed();
  return {
    category: 'network',
    action: 'contact',
    networkHost: host.toWellFormed(),
    ...(port === undefined ? {} : { networkPort: port }),
    ...(protocol === undefined ? {} : { networkProtocol: protocol }),
    ...(method === undefined ? {} : { networkMethod: method }),
  };
}

/** The command's outcome if it covers this part of its line; otherwise `unknown`. */
function outcomeOf(outcome: AgentEvent['outcome'], { exitStatus }: Effect['cause']): AgentEvent['outcome'] {
  if (exitStatus === 'own') return outcome;
  return exitStatus === 'shared' && outcome === 'success' ? 'success' : 'unknown';
}
