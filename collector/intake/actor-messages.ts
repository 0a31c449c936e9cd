/** Sorts the events of one request by actor, into messages of each. Pure. */
import { type AcceptedEvent, type ActorMessage, ActorWriter } from './actor-writer.ts';

export class ActorMessages {
  readonly #tenant: string;
  readonly #writers = new Map<string, ActorWriter>();

  constructor(tenant: string) {
    this.#tenant = tenant;
  }

  /** Adds the events of one record; the record counts in the last one's message. */
  add(events: readonly AcceptedEvent[]): void {
    const last = events.at(-1)?.actor;
    if (last === undefined) return;
    if (events.every(({ actor }) => actor === last)) {
      this.#writerOf(last).add(events, true);
      return;
    }
    for (const actor of new Set(events.map((event) => event.actor)))
      this.#writerOf(actor).add(
        events.filter((event) => event.actor === actor),
        actor === last,
      );
  }

  finish(): readonly ActorMessage[] {
    return [...this.#writers.values()].flatMap((writer) => writer.finish());
  }

  #writerOf(actor: string): ActorWriter {
    let writer = this.#writers.get(actor);
    if (writer === undefined) this.#writers.set(actor, (writer = new ActorWriter(this.#tenant, actor)));
    return writer;
  }
}
