/** One event as the kinds see it. Expensive properties are derived at most once, and only when used. */
import { normaliseCommand } from '../../shell/normalise.ts';
import { factsOf } from '../../shell/line-facts.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Entity } from '../../schemas/records/alert.ts';
import { type SigmaView, viewsOf } from '../sigma/views.ts';

export interface Subject {
  readonly event: AgentEvent;
  /** One view per simple command of a command line, otherwise one. */
  readonly views: readonly SigmaView[];
  /**
   * The command line without differences in quoting, wrappers and paths, so that the same action has the same text;
   * `''` without one.
   */
  readonly normalisedCommand: string;
}

/** Grouping uses only the beginning: for an analyst, commands that differ only later are the same action. */
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

/** Returns the entity of this kind that the event is about; undefined when the event does not name it. */
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
