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

/** A value that made a rule match. */
export interface Matched {
  readonly field: string;
  readonly value: string;
}
