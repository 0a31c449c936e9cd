/** Size limits of a message, and the errors that both implementations of the bus share. */
import { ShellError } from '../shell-error.ts';
import type { OutgoingMessage } from './bus.ts';

/** Largest value of a message (bytes): a broker's default limit, rounded to 1 MiB. */
export const VALUE_BYTES = 1024 ** 2;
/** Limit for key and headers together (bytes), far above what any message needs. */
export const ENVELOPE_BYTES = 64 * 1024;
/** A batch passed to a consumer is at most this large unless the consumer sets another limit. */
export const BATCH_BYTES = 4 * 1024 ** 2;

/** Kafka's rule for topic names, which also makes them safe as folder names. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

export function envelopeBytes({ key, headers }: Pick<OutgoingMessage, 'key' | 'headers'>): number {
  let bytes = Buffer.byteLength(key);
  if (headers !== undefined)
    for (const [name, value] of Object.entries(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}

export function tooLarge(message: OutgoingMessage, limitBytes: number, cause?: unknown): ShellError {
  const position = message.headers?.['sequence'];
  const named = position === undefined ? '' : `, sequence ${position}`;
  return new ShellError(
    'BUS_MESSAGE_TOO_LARGE',
    `a message of ${message.value.byteLength} bytes for ${message.topic} (key ${JSON.stringify(message.key.slice(0, 200))}${named}) is over the limit of ${limitBytes} bytes`,
    { retryable: false, cause },
  );
}

/** @throws ShellError BUS_BAD_NAME: `.` and `..` would leave the folder, and Kafka would reject the others */
export function assertTopicName(name: string): void {
  if (TOPIC_NAME.test(name) && name !== '.' && name !== '..') return;
  throw new ShellError('BUS_BAD_NAME', `${JSON.stringify(name)} is not a valid topic name`, { retryable: false });
}

export function assertPartition(topic: string, partition: number, partitions: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return;
  throw new ShellError('BUS_NO_PARTITION', `${topic} has ${partitions} partitions and no partition ${partition}`, {
    retryable: false,
  });
}

/** Retryable, because another process may be about to create it. */
export function unknownTopic(topic: string, cause?: unknown): ShellError {
  return new ShellError('BUS_UNKNOWN_TOPIC', `there is no topic ${topic}`, { retryable: true, cause });
}

export function fenced(what: string, cause?: unknown): ShellError {
  return new ShellError('BUS_FENCED', what, { retryable: false, cause });
}
