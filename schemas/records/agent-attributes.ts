/**
 * Attributes for what OpenTelemetry's conventions (GenAI, process, file, HTTP) have no name for. `instrument/` writes them and the
 * GenAI mapping reads them, from whatever program they come; docs/how-to/instrument.md tells their values.
 */
export const AGENT_ATTRIBUTES = {
  /** What a span without a GenAI operation stands for: one of `AGENT_EVENTS`. */
  event: 'vigil.event',
  /** `success`, `failure`, `denied`, `unknown`; goes before what `error.type` and the status say. */
  outcome: 'vigil.outcome',
  /** Number of the record within its session, from 1: a gap is a record that was lost. */
  sequence: 'vigil.sequence',
  /** One prompt and all that followed from it. */
  turnId: 'vigil.turn.id',
  /** Session that started this one. */
  parentSessionId: 'vigil.session.parent_id',
  /** Permission mode or approval policy in force. */
  approvalMode: 'vigil.approval.mode',
  /** `approved`, `denied`, `aborted`, `timed_out`. */
  decision: 'vigil.approval.decision',
  /** `once`, `session`, `always`. */
  decisionScope: 'vigil.approval.scope',
  /** `user`, `config`, `hook`, `reviewer`, … */
  decisionSource: 'vigil.approval.source',
  /** Sandbox in force: `workspace-write`, `read-only`, `none`, … */
  sandboxMode: 'vigil.sandbox.mode',
  /** `read`, `search`, `create`, `update`, `delete`, `move`. */
  fileOperation: 'vigil.file.operation',
  /** Where a moved file was before. */
  movedFrom: 'vigil.file.moved_from',
  /** Bytes that a command wrote to its output. */
  outputBytes: 'vigil.output.size',
  /** Characters of the prompt that a turn began with, and the first 128 bits of its SHA-256 in hex. */
  promptLength: 'vigil.prompt.length',
  promptHash: 'vigil.prompt.hash',
  /** Cost of a model call in US dollars, as the program computes it. */
  costUsd: 'vigil.cost_usd',
} as const;

export const AGENT_EVENTS = ['session.start', 'session.end', 'approval'] as const;
export type AgentEventName = (typeof AGENT_EVENTS)[number];
