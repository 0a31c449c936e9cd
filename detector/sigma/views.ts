/**
 * An event as rules see it: one view per simple command of its line, each with the fields of the event, of that command
 * and of its pipeline; one view of the event where there is no line. Nothing is read before a rule asks for it, and each
 * field is read once.
 *
 * A line is parsed only on the event that asks to run it: on `command` events, and on a refused approval, which for some agents
 * is the only record of a command that did not run. So a command is judged once, however many records of its approval, its
 * sandbox and its result repeat it.
 */
import { factsOf, type LineFacts } from '../../shell/line-facts.ts';
import { joinPath } from '../../shell/paths.ts';
import type { ParsedLine, SimpleCommand } from '../../shell/parsed.ts';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { type Chain, type Place, type Source, fieldDefinition, readAttribute } from './fields.ts';
import { foldCase } from './values/text-pattern.ts';
import type { FieldValue, SigmaView } from './view.ts';

export type { SigmaView } from './view.ts';

/** Commands of one line that rules see; `line.parse` is `partial` when there are more. */
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
  const facts = factsOf(event.commandLine);
  const line = facts.parsed;
  const { places, cut } = placesOf(facts, event.cwd);
  if (places.length === 0) return [new View(shared, { event, line, place: undefined, cut })];
  return places.map((place) => new View(shared, { event, line, place, cut }));
}

function asksToRun({ category, action, outcome }: AgentEvent): boolean {
  return category === 'command' || (category === 'approval' && action === 'decide' && outcome === 'denied');
}

function placesOf(
  facts: LineFacts,
  start: string | undefined,
): { readonly places: readonly Place[]; readonly cut: boolean } {
  const places: Place[] = [];
  const flows = flowsByCommand(facts.parsed);
  for (const pipeline of facts.parsed.pipelines)
    for (const [index, command] of pipeline.commands.entries()) {
      if (places.length >= MAX_COMMANDS) return { places, cut: true };
      const chains = [{ pipeline, index }, ...(flows.get(command) ?? [])];
      places.push({ command, chains, cwd: folderOf(command, start), facts });
    }
  return { places, cut: false };
}

/** The folder that a command runs in; undefined where that is not known. */
function folderOf({ folder }: SimpleCommand, start: string | undefined): string | undefined {
  if (folder === undefined || folder === '') return folder === undefined ? undefined : start;
  return joinPath(start ?? '', folder);
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

/** Marks a field that the event does not have, so that it is read only once. */
const ABSENT = Symbol('absent');
type Cache<T> = Map<string, readonly T[] | typeof ABSENT>;

/** The fields that all views of one event share, read once. */
class SharedFields {
  readonly values: Cache<FieldValue> = new Map();
  readonly folded: Cache<string> = new Map();
  readonly #event: AgentEvent;
  #texts: readonly string[] | undefined;

  constructor(event: AgentEvent) {
    this.#event = event;
  }

  /** Every text of the event, in its fields and attributes. */
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
    const read = () => this.field(name)?.map((value) => foldCase(String(value)));
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

/** The reader of a field, and whether all views of an event share its values. `network.host` is the event's, or else the command's. */
function readerOf(name: string): {
  readonly shared: boolean;
  readonly read: (source: Source) => readonly FieldValue[] | undefined;
} {
  const definition = fieldDefinition(name);
  if (definition === undefined) return { shared: true, read: ({ event }) => readAttribute(name, event) };
  const { of, read } = definition;
  return { shared: (of === 'event' && name !== 'network.host') || of === 'line', read };
}
