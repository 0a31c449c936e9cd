/**
 * An event as rules see it: one view per simple command of its line, each with the fields of the event, of that command
 * and of its pipeline; one view of the event where there is no line. Nothing is read before a rule asks for it, and each
 * field is read once.
 *
 * A line is taken apart where the event is what asks for it to run: on `command` events, and on a refused approval,
 * which for some agents is the only word of a command that did not run. So a command is judged once, however many records of
 * its approval, its sandbox and its result repeat it.
 */
import { factsOf } from '../../shell/line-facts.ts';
import type { ParsedLine, Pipeline, SimpleCommand } from '../../shell/parsed.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { foundBy } from './effects.ts';
import { type Chain, type Place, type Source, fieldDefinition, readAttribute } from './fields.ts';
import { templatePath } from './paths.ts';
import { fold } from './values/text-pattern.ts';
import type { FieldValue, SigmaView } from './view.ts';

export type { SigmaView } from './view.ts';

/** Commands of one line that are looked at; `line.parse` says `partial` when there are more. */
export const MAX_COMMANDS = 2000;

const known = new WeakMap<AgentEvent, readonly SigmaView[]>();

/** Parses the event's line at most once. */
export function viewsOf(event: AgentEvent): readonly SigmaView[] {
  let views = known.get(event);
  if (views === undefined) known.set(event, (views = createViews(event)));
  return views;
}

function createViews(event: AgentEvent): readonly SigmaView[] {
  const shared = new SharedFields(event);
  if (event.commandLine === undefined || !asksToRun(event))
    return [new View(shared, { event, line: undefined, place: undefined, cut: false })];
  const line = factsOf(event.commandLine).parsed;
  const { places, cut } = placesOf(line, event.cwd);
  if (places.length === 0) return [new View(shared, { event, line, place: undefined, cut })];
  return places.map((place) => new View(shared, { event, line, place, cut }));
}

function asksToRun({ category, action, outcome }: AgentEvent): boolean {
  return category === 'command' || (category === 'approval' && action === 'decide' && outcome === 'denied');
}

function placesOf(
  line: ParsedLine,
  start: string | undefined,
): { readonly places: readonly Place[]; readonly cut: boolean } {
  const places: Place[] = [];
  const flows = flowsByCommand(line);
  let cwd = start;
  let find: SimpleCommand | undefined;
  for (const pipeline of line.pipelines)
    for (const [index, command] of pipeline.commands.entries()) {
      if (places.length >= MAX_COMMANDS) return { places, cut: true };
      const chains = [{ pipeline, index }, ...(flows.get(command) ?? [])];
      places.push({ command, chains, found: handedTo(command, find, pipeline, index), cwd });
      if (command.program === 'find') find = command;
      const target = command.arguments[0];
      if ((command.program === 'cd' || command.program === 'pushd') && target !== undefined && !target.startsWith('-'))
        cwd = templatePath(target, cwd);
    }
  return { places, cut: false };
}

function handedTo(
  command: SimpleCommand,
  last: SimpleCommand | undefined,
  pipeline: Pipeline,
  index: number,
): readonly string[] {
  if (last !== undefined && command.wrappers.includes('find -exec')) return foundBy(last.arguments);
  if (!command.wrappers.includes('xargs')) return [];
  const source = pipeline.commands.slice(0, index).find(({ program }) => program === 'find');
  return source === undefined ? [] : foundBy(source.arguments);
}

function flowsByCommand(line: ParsedLine): ReadonlyMap<SimpleCommand, readonly Chain[]> {
  const flows = new Map<SimpleCommand, Chain[]>();
  for (const pipeline of line.flows)
    for (const [index, command] of pipeline.commands.entries()) {
      const chains = flows.get(command) ?? [];
      chains.push({ pipeline, index });
      flows.set(command, chains);
    }
  return flows;
}

/** Stands for a field that the event does not have, so that it is looked for once only. */
const ABSENT = Symbol('absent');
type Cache<T> = Map<string, readonly T[] | typeof ABSENT>;

/** What all views of one event have in common, read once for all of them. */
class SharedFields {
  readonly values: Cache<FieldValue> = new Map();
  readonly folded: Cache<string> = new Map();
  readonly #event: AgentEvent;
  #texts: readonly string[] | undefined;

  constructor(event: AgentEvent) {
    this.#event = event;
  }

  /** Everything written in the event, in its fields and attributes. */
  get texts(): readonly string[] {
    return (this.#texts ??= [
      ...Object.values(this.#event).flatMap((value) =>
        typeof value === 'string'
          ? [value]
          : Array.isArray(value)
            ? value.filter((item) => typeof item === 'string')
            : [],
      ),
      ...Object.values(this.#event.attributes),
    ]);
  }
}

class View implements SigmaView {
  readonly #shared: SharedFields;
  readonly #source: Source;
  readonly #values: Cache<FieldValue> = new Map();
  readonly #folded: Cache<string> = new Map();

  constructor(shared: SharedFields, source: Source) {
    this.#shared = shared;
    this.#source = source;
  }

  field(name: string): readonly FieldValue[] | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) return known === ABSENT ? undefined : known;
    const { shared, read } = readerOf(name);
    const values = shared ? kept(this.#shared.values, name, () => read(this.#source)) : read(this.#source);
    this.#values.set(name, values ?? ABSENT);
    return values;
  }

  folded(name: string): readonly string[] | undefined {
    const known = this.#folded.get(name);
    if (known !== undefined) return known === ABSENT ? undefined : known;
    const read = () => this.field(name)?.map((value) => fold(String(value)));
    const texts = readerOf(name).shared ? kept(this.#shared.folded, name, read) : read();
    this.#folded.set(name, texts ?? ABSENT);
    return texts;
  }

  texts(): readonly string[] {
    return this.#shared.texts;
  }
}

function kept<T>(cache: Cache<T>, name: string, read: () => readonly T[] | undefined): readonly T[] | undefined {
  const known = cache.get(name);
  if (known !== undefined) return known === ABSENT ? undefined : known;
  const values = read();
  cache.set(name, values ?? ABSENT);
  return values;
}

/** How a field is read, and whether all views of an event read the same. `network.host` is the event's, or else the command's. */
function readerOf(name: string): {
  readonly shared: boolean;
  readonly read: (source: Source) => readonly FieldValue[] | undefined;
} {
  const definition = fieldDefinition(name);
  if (definition === undefined) return { shared: true, read: ({ event }) => readAttribute(name, event) };
  const { of, read } = definition;
  return { shared: (of === 'event' && name !== 'network.host') || of === 'line', read };
}
