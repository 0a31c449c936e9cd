/** What a fold did, for the metrics; never part of a verdict. */
export interface FoldCounts {
  events: number;
  /** Messages that had already been folded. */
  repeatedMessages: number;
  /** Events that had already been folded, in another message. */
  repeatedEvents: number;
  /** Events that arrived too late for their window, counted once per rule. */
  late: number;
  /** States, alerts and actors that were dropped because a limit was reached. */
  evicted: number;
  /** States, alerts and actors that were dropped because they had been idle. */
  expired: number;
  /** Rules that threw on an event, which is a bug in Vigil. */
  failures: { readonly ruleId: string; readonly eventId: string; readonly reason: string }[];
}

export function noCounts(): FoldCounts {
  return { events: 0, repeatedMessages: 0, repeatedEvents: 0, late: 0, evicted: 0, expired: 0, failures: [] };
}
