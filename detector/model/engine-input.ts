/** What the detector reads from the log: events, and the control messages that can change a verdict. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';

export type EngineInput =
  | {
      readonly kind: 'events';
      /** Identifies the message permanently; absent in a backtest. */
      readonly origin?: { readonly spool: string; readonly sequence: number };
      readonly events: readonly AgentEvent[];
    }
  /** Event time has advanced although nothing happened. */
  | { readonly kind: 'tick'; readonly time: number }
  /** This rule set is in force from here on. */
  | { readonly kind: 'rules'; readonly hash: string }
  /** The state of this tenant's actors is dropped, and their open alerts are not published again. */
  | { readonly kind: 'forget'; readonly tenant: string };
