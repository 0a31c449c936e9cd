/** Adds the program and the implied events of each command line to the events of one record. Pure. */
import { type LineFacts, factsOf } from '../../shell/line-facts.ts';
import type { ParsedLine } from '../../shell/parsed.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { withProgram } from './command-fields.ts';
import { derivedEvents, isDerivable } from './derived-events.ts';
import { CUT } from '../../agents/mapping/attribute-text.ts';

/** Longer lines are stored, but not parsed: that would delay the answer to the agent. */
const PARSED_LENGTH = 65_536;

/** How a line was parsed: `partial` if some of it could not be parsed, `too_long` if it was not parsed at all. */
export type LineParse = ParsedLine['parse'] | 'too_long';

/** Counted apart from the input records: a derived event is none of them. */
export interface DerivationCounts {
  /** Lines of commands that ran. */
  readonly lines: Map<LineParse, number>;
  /** Derived events, by category. */
  readonly events: Map<AgentEvent['category'], number>;
  /** Effects beyond the limit of one line; the command says how many. */
  leftOut: number;
}

export function noDerivation(): DerivationCounts {
  return { lines: new Map(), events: new Map(), leftOut: 0 };
}

export function addDerivation(to: DerivationCounts, { lines, events, leftOut }: DerivationCounts): void {
  for (const [parse, n] of lines) count(to.lines, parse, n);
  for (const [category, n] of events) count(to.events, category, n);
  to.leftOut += leftOut;
}

export interface LineReading {
  /** The event itself, then the events that its line implies. */
  readonly eventsOf: (event: AgentEvent) => readonly AgentEvent[];
  readonly counts: DerivationCounts;
}

export function createLineReading(hash128: (...parts: readonly string[]) => string): LineReading {
  const counts = noDerivation();
  return {
    counts,
    eventsOf: (event) => {
      if (event.commandLine === undefined) return [event];
      const line: LineFacts | undefined =
        event.commandLine.length > PARSED_LENGTH ? undefined : factsOf(event.commandLine);
      const derives = isDerivable(event);
      if (derives) count(counts.lines, line?.parsed.parse ?? 'too_long', 1);
      if (line === undefined) return [event];
      const named = withProgram(event, line.program);
      if (!derives) return [named];
      const { events, surplus } = derivedEvents(event, line, hash128);
      for (const { category } of events) count(counts.events, category, 1);
      counts.leftOut += surplus;
      return [surplus === 0 ? named : withSurplus(named, surplus), ...events];
    },
  };
}

/** The command itself says how many events the limit left out. */
function withSurplus(event: AgentEvent, surplus: number): AgentEvent {
  return { ...event, attributes: { ...event.attributes, [`${CUT}derived`]: String(surplus) } };
}

function count<K>(counts: Map<K, number>, key: K, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n);
}
