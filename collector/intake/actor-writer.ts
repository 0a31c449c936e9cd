/** Builds the bus messages with the events of one actor in one request. Pure. */
import { MESSAGE_BYTES } from '../../schemas/topics.ts';

/** Events of one actor in one request, at most MESSAGE_BYTES unless a single event is longer. */
export interface ActorMessage {
  readonly tenant: string;
  readonly actor: string;
  /** Events as JSON, one per line. */
  readonly lines: string;
  readonly events: number;
  /** How many of the events are derived from command lines. */
  readonly derived: number;
  /** Input records that end in this message: a record's events share a message, unless they are too long for one. */
  readonly records: number;
  /** Which lines end a record, from 0; absent when every line is a record of its own. */
  readonly recordEnds?: readonly number[];
  readonly eventIds: readonly string[];
}

/** Lines per message; the forwarder numbers the pieces of a message that a broker finds too large. */
const MESSAGE_EVENTS = 1000;

export interface AcceptedEvent {
  readonly actor: string;
  readonly sessionId: string;
  readonly eventId: string;
  readonly line: string;
  readonly lineBytes: number;
  readonly isDerived: boolean;
}

/** Cuts one actor's events into messages. */
export class ActorWriter {
  readonly #tenant: string;
  readonly #actor: string;
  readonly #done: ActorMessage[] = [];
  #lines: string[] = [];
  #eventIds: string[] = [];
  #recordEnds: number[] = [];
  #bytes = 0;
  #derived = 0;

  constructor(tenant: string, actor: string) {
    this.#tenant = tenant;
    this.#actor = actor;
  }

  /** @param isWhole false when the record ends in another actor's message */
  add(events: readonly AcceptedEvent[], isWhole: boolean): void {
    const bytes = events.reduce((sum, event) => sum + event.lineBytes + 1, 0);
    if (!this.#hasRoomFor(events.length, bytes)) this.#cut();
    for (const event of events) {
      if (!this.#hasRoomFor(1, event.lineBytes + 1)) this.#cut();
      this.#lines.push(event.line);
      this.#eventIds.push(event.eventId);
      this.#bytes += event.lineBytes + 1;
      if (event.isDerived) this.#derived += 1;
    }
    if (isWhole) this.#recordEnds.push(this.#lines.length - 1);
  }

  finish(): readonly ActorMessage[] {
    this.#cut();
    return this.#done;
  }

  #hasRoomFor(lines: number, bytes: number): boolean {
    return this.#bytes + bytes <= MESSAGE_BYTES && this.#lines.length + lines <= MESSAGE_EVENTS;
  }

  #cut(): void {
    if (this.#lines.length === 0) return;
    this.#done.push({
      tenant: this.#tenant,
      actor: this.#actor,
      lines: this.#lines.join('\n'),
      events: this.#lines.length,
      derived: this.#derived,
      records: this.#recordEnds.length,
      ...(this.#recordEnds.length === this.#lines.length ? {} : { recordEnds: this.#recordEnds }),
      eventIds: this.#eventIds,
    });
    this.#lines = [];
    this.#eventIds = [];
    this.#recordEnds = [];
    this.#bytes = 0;
    this.#derived = 0;
  }
}
