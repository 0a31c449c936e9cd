/** A session of a simulated person's agent: a few prompts, and the actions that follow from each. */
import type { Instrument, Session } from '../options.ts';
import type { Shift } from './calendar.ts';
import { Desk, type Place } from './desk.ts';
import type { Random } from './random.ts';
import { MESSAGES, STACKS, WORDS } from './stacks.ts';

const SECOND_MS = 1_000;

export interface Worked {
  readonly sessionId: string;
  readonly cwd: string;
  /** When the incident started, if there was one. */
  readonly incidentMs: number | undefined;
}

/** @param incident happens in the last turn */
export function work(instrument: Instrument, shift: Shift, incident?: (desk: Desk) => void): Worked {
  const { person, startMs, endMs, random } = shift;
  const repository = random.pick(person.repositories);
  const place: Place = { person, repository, cwd: `${person.home}/${repository.path}` };
  const session = instrument.session({
    id: random.uuid(),
    user: person.email,
    host: person.host,
    repository: repository.url,
    cwd: place.cwd,
    approvalMode: person.approvalMode,
    sandboxMode: 'workspace-write',
    at: startMs,
  });
  let now = startMs + random.between(2, 20) * SECOND_MS;
  let context = random.around(9_000, 1.3);
  const oneTurn = (play: (desk: Desk) => void): void => {
    const { model, provider } = person.agent;
    const turn = session.turn({ turnId: random.uuid(), prompt: promptOf(random), model, provider, at: now });
    const desk = new Desk(random, place, turn, now, context);
    play(desk);
    turn.end({ at: desk.now });
    // The person reads, and thinks about the next prompt.
    now = desk.now + Math.floor(random.around(300, 2) * SECOND_MS);
    ({ context } = desk);
  };
  do oneTurn((desk) => routine(desk, endMs));
  while (now < endMs);
  let incidentMs: number | undefined;
  if (incident !== undefined) {
    oneTurn((desk) => {
      desk.think();
      incidentMs = desk.now;
      incident(desk);
    });
  }
  end(session, now);
  return { sessionId: session.sessionId, cwd: place.cwd, incidentMs };
}

function end(session: Session, at: number): void {
  session.end({ at });
}

function promptOf(random: Random): string {
  const more = random.chance(0.3) ? ', and say what you have changed'.repeat(random.between(1, 4)) : '';
  return `Please ${random.pick(MESSAGES)} in ${random.pick(WORDS)}${more}`;
}

/** The agent reads before it writes, and checks what it has written. */
function routine(desk: Desk, endMs: number): void {
  const { random } = desk;
  const steps = Math.max(2, Math.round(random.around(8, 1.7)));
  desk.think();
  for (let step = 0; step < steps && desk.now < endMs; step += 1) {
    act(desk);
    if (random.chance(0.75)) desk.think();
  }
  desk.think(Math.round(random.around(420, 1.8)));
}

function act(desk: Desk): void {
  const { random, place } = desk;
  const { repository, person } = place;
  const path = (): string => `${place.cwd}/${random.pick(repository.files)}`;
  const kind = random.weighted([
    ['command', 60],
    ['read', 18],
    ['update', 13],
    ['create', 2.5],
    ['search', 2],
    ['fetch', 2.5],
    ['mcp', 2],
  ] as const);
  switch (kind) {
    case 'command':
      return void desk.run(fill(random.weighted(person.commands[repository.stack]), desk));
    case 'read': {
      desk.file('read', path());
      return;
    }
    case 'update': {
      desk.file('update', path(), Math.round(random.around(400, 2.2)));
      return;
    }
    case 'create': {
      desk.file('create', path(), Math.round(random.around(1_500, 2)));
      return;
    }
    case 'search': {
      desk.file('search', `${place.cwd}/${random.pick(STACKS[repository.stack].folders)}`);
      return;
    }
    case 'fetch': {
      desk.fetch(`https://${random.pick(STACKS[repository.stack].hosts)}/${random.pick(WORDS)}`);
      return;
    }
    case 'mcp':
      if (person.mcpServers.length === 0) {
        desk.file('read', path());
        return;
      }
      {
        desk.mcp(random.pick(person.mcpServers), random.pick(['search', 'get', 'list', 'add'] as const));
        return;
      }
    default:
      return kind satisfies never;
  }
}

function fill(line: string, { random, place }: Desk): string {
  const { files, stack } = place.repository;
  return line.replace(/\{(\w+)\}/g, (_, name: string) => {
    switch (name) {
      case 'file':
        return random.pick(files);
      case 'folder':
        return random.pick(STACKS[stack].folders);
      case 'message':
        return random.pick(MESSAGES);
      case 'branch':
        return `${place.person.name}/${random.pick(WORDS)}-${random.pick(WORDS)}`;
      default:
        return random.pick(WORDS);
    }
  });
}
