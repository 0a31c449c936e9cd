/** What a rule is matched against: named fields, each with any number of values. */

export type FieldValue = string | number | boolean;

export interface SigmaView {
  /** The values of a field; undefined where the event has no such field. */
  field(name: string): readonly FieldValue[] | undefined;
  /** The same values as case-folded text, where the view keeps them; otherwise they are folded for each comparison. */
  folded?(name: string): readonly string[] | undefined;
  /** All text of the event, for rules that search for keywords; none where a view has none. */
  texts?(): readonly string[];
}

/** Describes a kind of events of which not everything is known: a field may have any values, or be absent. */
export interface PartialView extends SigmaView {
  knows(field: string): boolean;
}

/** Whether a rule matches such events: all of them, none of them, or that depends on what is not known. */
export type Verdict = boolean | undefined;

/** @param known the values of each field that is known; undefined where the events have no such field */
export function partialView(known: ReadonlyMap<string, readonly FieldValue[] | undefined>): PartialView {
  return { field: (name) => known.get(name), knows: (name) => known.has(name) };
}

/** A value that made a rule match. */
export interface Matched {
  readonly field: string;
  readonly value: string;
}
