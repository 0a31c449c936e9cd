/**
 * The most recent event ids of one actor, so that an agent's retry is not judged twice. They are stored in segments, of
 * which only the last one changes.
 */
import type { ChangedEntries, StateEntry } from './state-entry.ts';

/** The concatenated ids of one segment; `number` counts segments from 0. */
export interface IdSegment {
  readonly number: number;
  readonly ids: string;
}

const SEGMENTS = 4;
const PER_SEGMENT = 256;
/** 48 bits: with a thousand ids, two are equal by chance once in 10¹¹ events. */
const ID_LENGTH = 12;

export class RecentIds {
  readonly #entries: StateEntry<IdSegment>[];
  readonly #changed: ChangedEntries;
  #last: StateEntry<IdSegment> | undefined;
  /** Built on first use, because most actors of a partition are quiet. */
  #known: Set<string> | undefined;

  constructor(actorKey: string, changed: ChangedEntries, stored: readonly IdSegment[] = []) {
    this.#changed = changed;
    this.#entries = Array.from({ length: SEGMENTS }, (_, at) => ({
      key: JSON.stringify(['i', actorKey, at]),
      value: stored.find(({ number }) => number % SEGMENTS === at),
    }));
    const newest = Math.max(-1, ...stored.map(({ number }) => number));
    this.#last = newest === -1 ? undefined : this.#entries[newest % SEGMENTS];
  }

  /** Adds the id; returns false when it was already there. */
  add(eventId: string): boolean {
    const known = (this.#known ??= this.#read());
    const id = eventId.slice(0, ID_LENGTH);
    if (known.has(id)) return false;
    known.add(id);
    const last = this.#last?.value;
    const entry = last === undefined || last.ids.length >= PER_SEGMENT * ID_LENGTH ? this.#next(last) : this.#last;
    if (entry?.value === undefined) return true;
    entry.value = { number: entry.value.number, ids: entry.value.ids + id };
    this.#changed.add(entry);
    return true;
  }

  /** Releases memory; ids are read again from the segments when needed. */
  rest(): void {
    this.#known = undefined;
  }

  delete(): void {
    for (const entry of this.#entries) {
      if (entry.value === undefined) continue;
      entry.value = undefined;
      this.#changed.add(entry);
    }
    this.#last = undefined;
    this.#known = undefined;
  }

  #next(last: IdSegment | undefined): StateEntry<IdSegment> | undefined {
    const number = (last?.number ?? -1) + 1;
    const entry = this.#entries[number % SEGMENTS];
    if (entry === undefined) return undefined;
    for (const old of idsOf(entry.value)) this.#known?.delete(old);
    entry.value = { number, ids: '' };
    this.#last = entry;
    return entry;
  }

  #read(): Set<string> {
    return new Set(this.#entries.flatMap(({ value }) => idsOf(value)));
  }
}

function idsOf(segment: IdSegment | undefined): string[] {
  return segment?.ids.match(/.{12}/gs) ?? [];
}
