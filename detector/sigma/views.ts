/**
 * An event as rules see it: one view per simple command of its line, each with the fields of the event, of that command
 * and of its pipeline; one view of the event where there is no line. Nothing is read before a rule asks for it, and each
 * field is read once.
 *
 * A line is taken apart where the event is what asks for it to run: on `command` events, and on a refused approval,
 * which for some agents is the only word of a command that did not run. So a command is judged once, however many records of
 * its approval, its sandbox and its result repeat it.
 */
import { parseCommandLine } from '../../command-line/parse.ts';
import type { ParsedLine, SimpleCommand } from '../../command-line/parsed.ts';
import type { AgentEvent } from '../../schemas/agent-event.ts';
import { type Chain, type Place, type Source, fieldDefinition, readAttribute } from './fields.ts';
import { templatePath } from './paths.ts';
import { fold } from './text-pattern.ts';
import type { FieldValue, SigmaView } from './view.ts';

export type { FieldValue, SigmaView } from './view.ts';

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
  const line = parseCommandLine(event.commandLine);
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
  for (const pipeline of line.pipelines)
    for (const [index, command] of pipeline.commands.entries()) {
      if (places.length >= MAX_COMMANDS) return { places, cut: true };
      places.push({ command, chains: [{ pipeline, index }, ...(flows.get(command) ?? [])], cwd });
      const target = command.arguments[0];
      if ((command.program === 'cd' || command.program === 'pushd') && target !== undefined && !target.startsWith('-'))
        cwd = templatePath(target, cwd);
    }
  return { places, cut: false };
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

type Cache<T> = Map<string, readonly T[] | undefined>;

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
    const definition = fieldDefinition(name);
    const cache = isShared(name, definition?.of) ? this.#shared.values : this.#values;
    if (cache.has(name)) return cache.get(name);
    const values = definition === undefined ? readAttribute(name, this.#source.event) : definition.read(this.#source);
    if (definition !== undefined || values !== undefined) cache.set(name, values);
    return values;
  }

  folded(name: string): readonly string[] | undefined {
    const cache = isShared(name, fieldDefinition(name)?.of) ? this.#shared.folded : this.#folded;
    if (cache.has(name)) return cache.get(name);
    const texts = this.field(name)?.map((value) => fold(String(value)));
    if (texts !== undefined) cache.set(name, texts);
    return texts;
  }

  texts(): readonly string[] {
    return this.#shared.texts;
  }
}

/** `network.host` is the event's, or else the command's. */
function isShared(name: string, of: string | undefined): boolean {
  return (of === 'event' && name !== 'network.host') || of === 'line' || of === undefined;
}
