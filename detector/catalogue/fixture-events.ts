/** Expands a fixture to its events. Pure. */
import { programOf } from '../../shell/normalise.ts';
import { parseCommandLine } from '../../shell/parse.ts';
import { AgentEvent, type Category } from '../../schemas/records/agent-event.ts';
import type { EventFragment, Fixture, FixtureStep } from '../model/fixture.ts';

/** 2026-01-05T09:00:00Z, a Monday. */
export const FIXTURE_START = Date.UTC(2026, 0, 5, 9);
const STEP_MS = 1_000;
/** People read fixtures; a larger data set belongs in a benchmark. */
const MAX_EVENTS = 20_000;

/** @throws Error when the fixture expands to too many events or to an invalid one */
export function eventsOf(fixture: Fixture, hash128: (text: string) => string): readonly AgentEvent[] {
  const events: AgentEvent[] = [];
  let clock = -STEP_MS;
  for (const step of fixture) {
    const start = step.at ?? clock + (step.after ?? STEP_MS);
    const rounds = roundsOf(step);
    const fragments = step.events ?? (step.event === undefined ? [] : [step.event]);
    if (events.length + rounds.length * fragments.length > MAX_EVENTS)
      throw new Error(`a fixture can expand to at most ${MAX_EVENTS} events`);
    for (const [round, offset] of rounds.entries()) {
      clock = start + offset;
      for (const fragment of fragments) {
        const written = step.repeat === undefined ? fragment : numbered(fragment, round + 1);
        events.push(eventOf({ ...written, ...cycled(step, round) }, clock, events.length, hash128));
      }
    }
  }
  return events;
}

/** Offsets of the repetitions from the start of the step. */
function roundsOf({ repeat }: FixtureStep): readonly number[] {
  const loops = repeat === undefined ? [] : Array.isArray(repeat) ? repeat : [repeat];
  return loops.reduce<readonly number[]>(
    (offsets, { times, every }) => {
      if (offsets.length * times > MAX_EVENTS) throw new Error(`a fixture can expand to at most ${MAX_EVENTS} events`);
      return offsets.flatMap((offset) => Array.from({ length: times }, (_, round) => offset + round * every));
    },
    [0],
  );
}

function numbered(fragment: EventFragment, round: number): EventFragment {
  const filled = Object.entries(fragment).map(([field, value]) => [
    field,
    typeof value === 'string' ? value.replaceAll('{n}', String(round)) : value,
  ]);
  return Object.fromEntries(filled) as EventFragment;
}

function cycled({ cycle }: FixtureStep, round: number): EventFragment {
  const values = Object.entries(cycle ?? {}).map(([field, list]) => {
    const value = list[round % list.length];
    return [field, typeof value === 'string' ? value.replaceAll('{n}', String(round + 1)) : value];
  });
  return Object.fromEntries(values) as EventFragment;
}

function eventOf(
  fragment: EventFragment,
  offset: number,
  index: number,
  hash128: (text: string) => string,
): AgentEvent {
  const category = fragment.category ?? categoryOf(fragment);
  const time = fragment.time ?? FIXTURE_START + offset;
  const event = {
    tenant: 'fixture',
    actor: 'fixture/user:alice',
    sender: 'fixture',
    agentName: 'codex',
    sessionId: 'session-1',
    category,
    action: ACTIONS[category],
    outcome: 'success',
    signal: 'log',
    mapping: 'fixture@1',
    attributes: {},
    ...programIn(fragment),
    ...fragment,
    time,
    receivedAt: time,
    eventId: hash128(`fixture event ${index}`),
  };
  const checked = AgentEvent.safeParse(event);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Error(`event ${index + 1} of the fixture: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Derives the program as the collector does for every command. */
function programIn({ commandLine, program }: EventFragment): EventFragment {
  if (commandLine === undefined || program !== undefined) return {};
  const found = programOf(parseCommandLine(commandLine));
  if (found === undefined || found.program === '') return {};
  return { program: found.program, ...(found.arguments.length === 0 ? {} : { arguments: [...found.arguments] }) };
}

/** The first of these fields that the fragment has determines its category. */
const TELLING: readonly (readonly [keyof EventFragment, Category])[] = [
  ['decision', 'approval'],
  ['sandboxOutcome', 'sandbox'],
  ['commandLine', 'command'],
  ['filePath', 'file'],
  ['networkHost', 'network'],
  ['bytesOut', 'network'],
  ['inputTokens', 'model'],
  ['outputTokens', 'model'],
  ['costUsd', 'model'],
  ['mcpServer', 'mcp'],
  ['toolName', 'tool'],
  ['model', 'model'],
  ['contentLength', 'prompt'],
];

function categoryOf(fragment: EventFragment): Category {
  return TELLING.find(([field]) => fragment[field] !== undefined)?.[1] ?? 'session';
}

const ACTIONS: Readonly<Record<Category, string>> = {
  command: 'run',
  file: 'read',
  network: 'connect',
  approval: 'decide',
  sandbox: 'deny',
  prompt: 'submit',
  model: 'request',
  tool: 'call',
  mcp: 'call',
  session: 'start',
  auth: 'sign_in',
  config: 'change',
  telemetry: 'report',
};
