/** Converts the errors of kafkajs to errors that say whether a retry can help, and routes its log through ours. */
import { type LogEntry, logLevel } from 'kafkajs';
import type { Log } from '../../log.ts';
import { ShellError, messageOf } from '../../shell-error.ts';
import { fenced, unknownTopic } from '../limits.ts';

const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'TRANSACTION_COORDINATOR_FENCED']);
const NOT_A_MEMBER = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);
const CAUSES = 8;

/** Returns the names of the protocol errors in an error and its causes, as in Kafka's protocol guide. */
function typesOf(error: unknown): readonly string[] {
  const types: string[] = [];
  let at = error;
  for (let depth = 0; depth < CAUSES && at instanceof Error; depth += 1) {
    const { type } = at as { type?: unknown };
    if (typeof type === 'string') types.push(type);
    at = at.cause;
  }
  return types;
}

export function isType(error: unknown, ...wanted: readonly string[]): boolean {
  return typesOf(error).some((type) => wanted.includes(type));
}

/** @param what the operation that failed, for the message */
export function kafkaError(error: unknown, what: string, topic?: string): ShellError {
  if (error instanceof ShellError) return error;
  const types = typesOf(error);
  if (types.some((type) => FENCED.has(type))) return fenced(`${what}: another process took over`, error);
  if (types.some((type) => NOT_A_MEMBER.has(type))) return fenced(`${what}: no longer a member of the group`, error);
  if (topic !== undefined && types.includes('UNKNOWN_TOPIC_OR_PARTITION')) return unknownTopic(topic, error);
  return new ShellError('BUS_UNAVAILABLE', `${what}: ${messageOf(error)}`, { retryable: true, cause: error });
}

export function kafkaLog(log: Log): () => (entry: LogEntry) => void {
  return () =>
    ({ level, namespace, log: { message, broker, groupId, error } }) => {
      const fields = { client: namespace, reported: message, ...facts({ broker, groupId, error }) };
      // The client logs as errors what it then retries by itself. What it stops retrying is thrown and handled.
      if (level === logLevel.ERROR) log.warn('kafka client reported an error', fields);
      else if (level === logLevel.WARN) log.info('kafka client reported an error', fields);
      else log.debug('kafka client reported an error', fields);
    };
}

function facts(given: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
  );
}
