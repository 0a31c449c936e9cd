/** What a message may weigh, and the errors that both sides of the seam share. */
import { ShellError } from '../shell-error.ts';
import type { OutgoingMessage } from './bus.ts';

/** Largest value of a message (bytes): what a broker takes with its default settings, rounded to a number people know. */
export const VALUE_BYTES = 1024 ** 2;
/** Key and headers together (bytes); nothing sensible comes near. */
export const ENVELOPE_BYTES = 64 * 1024;
/** A batch handed to a consumer is at most this large unless it asks otherwise. */
export const BATCH_BYTES = 4 * 1024 ** 2;

/** Kafka's own rule for topic names; it also makes them safe as folder names. */
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

/** @throws ShellError BUS_BAD_NAME: `.` and `..` would leave the folder, the rest Kafka would refuse */
export function assertTopicName(name: string): void {
  if (TOPIC_NAME.test(name) && name !== '.' && name !== '..') return;
  throw new ShellError('BUS_BAD_NAME', `${JSON.stringify(name)} is no topic name`, { retryable: false });
}

export function assertPartition(topic: string, partition: number, partitions: number): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return;
  throw new ShellError('BUS_NO_PARTITION', `${topic} has ${partitions} partitions, no number ${partition}`, {
    retryable: false,
  });
}

/** Retryable, because another process may be about to make it. */
export function unknownTopic(topic: string, cause?: unknown): ShellError {
  return new ShellError('BUS_UNKNOWN_TOPIC', `there is no topic ${topic}`, { retryable: true, cause });
}

export function fenced(what: string, cause?: unknown): ShellError {
  return new ShellError('BUS_FENCED', what, { retryable: false, cause });
}
