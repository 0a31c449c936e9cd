/** What is known of an OTLP request before any of it is read. */

export type OtlpSignal = 'logs' | 'traces' | 'metrics';

/** The sender of a request, known from the credential and never from the payload. */
export interface Origin {
  readonly tenant: string;
  readonly sender: string;
  /** The actor of everything it sends, regardless of what a payload claims. */
  readonly actor?: string | undefined;
  /** `agentName`s it may send for; any when absent. */
  readonly agents?: readonly string[] | undefined;
}
