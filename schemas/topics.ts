/** Names on the log: topics, header keys and limits. */

export const TOPICS = {
  /** Key `tenant/actor`; value 1..N AgentEvents as JSON lines, or one control message (header `control`). */
  events: 'agent.events.v1',
  /** Key `tenant/actor`; value one Alert. */
  alerts: 'agent.alerts.v1',
  /** Key `tenant`; value one Reject. */
  rejects: 'agent.rejects.v1',
  /** Key is the spool; value 1..N PipelineAccounts as JSON lines. */
  ledger: 'agent.ledger.v1',
  /** Compacted changelog of the detector, partitioned like the events. */
  detectorState: 'detector.state.v1',
  /** Compacted; key is the hash of a detection or of a rule set. */
  ruleSets: 'detector.rulesets.v1',
} as const;

/** Header keys of event messages; all values are decimal or plain ASCII text. */
export const HEADERS = {
  /** Spool that wrote the message; together with `sequence` it identifies the message permanently. */
  spool: 'spool',
  /** Position in that spool, starting at 1. */
  sequence: 'sequence',
  /** Number of JSON lines in the value. */
  count: 'count',
  /** Present on control messages only (`tick`, `rules`, …): consumers of events skip the message. */
  control: 'control',
} as const;

/**
 * A message's value is at most this long; longer ones are split by events. This is well below Kafka's default of 1 MiB.
 */
export const MESSAGE_BYTES = 262_144;
/** A single event longer than this is too large for a default Kafka, so it goes to the rejects. */
export const EVENT_BYTES = 921_600;
