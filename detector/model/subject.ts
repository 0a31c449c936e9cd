/** One event as the kinds see it: what is costly to derive from it is derived at most once, and only when asked for. */
import { normaliseCommand } from '../../shell/normalise.ts';
import { factsOf } from '../../shell/line-facts.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Entity } from '../../schemas/records/alert.ts';
import { type SigmaView, viewsOf } from '../sigma/views.ts';

export interface Subject {
  readonly event: AgentEvent;
  /** One view per simple command of a command line, else one. */
  readonly views: readonly SigmaView[];
  /** The command line with quoting, wrappers and paths folded, so that the same deed reads the same; `''` without one. */
  readonly normalisedCommand: string;
}

/** Grouping looks at the beginning only: what differs after it is the same deed for an analyst. */
const NORMALISED_LENGTH = 512;

export function subjectOf(event: AgentEvent): Subject {
  return new LazySubject(event);
}

class LazySubject implements Subject {
  readonly event: AgentEvent;
  #views: readonly SigmaView[] | undefined;
  #normalised: string | undefined;

  constructor(event: AgentEvent) {
    this.event = event;
  }

  get views(): readonly SigmaView[] {
    return (this.#views ??= viewsOf(this.event));
  }

  get normalisedCommand(): string {
    const { commandLine } = this.event;
    return (this.#normalised ??=
      commandLine === undefined ? '' : normaliseCommand(factsOf(commandLine).parsed).slice(0, NORMALISED_LENGTH));
  }
}

const ENTITY_ID_LENGTH = 1024;

/** Who the event is about, seen as an entity of this kind; undefined where the event does not say. */
export function entityOf(event: AgentEvent, kind: Entity['kind']): Entity | undefined {
  const id = idOf(event, kind);
  return id === undefined ? undefined : { kind, id: id.slice(0, ENTITY_ID_LENGTH).toWellFormed() };
}

function idOf(event: AgentEvent, kind: Entity['kind']): string | undefined {
  switch (kind) {
    case 'actor':
      return event.actor;
    case 'session':
      return event.sessionId;
    case 'agent':
      return event.agentName;
    case 'host':
      return event.host;
    case 'repository':
      return event.repository;
    case 'user':
      return event.userId ?? event.userEmail;
    default:
      return kind satisfies never;
  }
}
