/** Names on the log: topics, header keys and limits. */

export const TOPICS = {
  /** Key `tenant/actor`; value 1..N AgentEvents as JSON lines, or one control record (header `control`). */
  events: 'agent.events.v1',
  /** Key `tenant/actor`; value one Alert. */
  alerts: 'agent.alerts.v1',
  /** Key `tenant`; value one Reject. */
  rejects: 'agent.rejects.v1',
  /** Key is a spool; value 1..N PipelineAccounts as JSON lines. */
  ledger: 'agent.ledger.v1',
  /** Compacted changelog of the detector, partitioned like the events. */
  detectorState: 'detector.state.v1',
  /** Compacted; key is the hash of a detection or of a rule set. */
  ruleSets: 'detector.rulesets.v1',
} as const;

/** Header keys of event messages; all values are decimal or plain ASCII text. */
export const HEADERS = {
  /** Spool that wrote the message; with `sequence` it names the message for ever. */
  spool: 'spool',
  /** Position in that spool, counting up from 1. */
  sequence: 'sequence',
  /** Number of JSON lines in the value. */
  count: 'count',
  /** Present on control records only (`tick`, `rules`, …): consumers that want events skip the message. */
  control: 'control',
} as const;

/** A message's value is at most this long, else it is split by events; well below Kafka's default of 1 MiB. */
export const MESSAGE_BYTES = 262_144;
/** A single event longer than this cannot be sent to a default Kafka: it goes to the rejects. */
export const EVENT_BYTES = 921_600;
