/** What stands on the log for the detector: events, and the control records that can change a verdict. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';

export type LogRecord =
  | {
      readonly kind: 'events';
      /** Which message this is, for ever; absent in a backtest. */
      readonly origin?: { readonly spool: string; readonly sequence: number };
      readonly events: readonly AgentEvent[];
    }
  /** Event time has moved on although nothing happened. */
  | { readonly kind: 'tick'; readonly time: number }
  /** From here on this set of rules is in force. */
  | { readonly kind: 'rules'; readonly hash: string }
  /** What is known of this tenant's actors is dropped, and their open alerts are told no more. */
  | { readonly kind: 'forget'; readonly tenant: string };

/** What a fold did, for counters; never part of a verdict. */
export interface FoldCounts {
  events: number;
  /** Messages that had been folded before. */
  repeatedMessages: number;
  /** Events that had been folded before, in another message. */
  repeatedEvents: number;
  /** Events too late for their window, per rule they were late for. */
  late: number;
  /** States, alerts and actors given up because a limit was reached. */
  evicted: number;
  /** States, alerts and actors forgotten because they had been idle. */
  expired: number;
  /** Rules that failed on an event: a defect of ours, told with the rule. */
  failures: { readonly ruleId: string; readonly eventId: string; readonly reason: string }[];
}

export function noCounts(): FoldCounts {
  return { events: 0, repeatedMessages: 0, repeatedEvents: 0, late: 0, evicted: 0, expired: 0, failures: [] };
}
