/** Converts a kafkajs message to a bus message. */
import type { KafkaMessage } from 'kafkajs';
import type { Message } from '../bus.ts';

const EMPTY = Buffer.alloc(0);

/** Other writers may omit keys and values or repeat headers; none of that is an error. */
export function toMessage(topic: string, partition: number, message: KafkaMessage): Message {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString('utf8') ?? '',
    value: message.value ?? EMPTY,
    headers: Object.fromEntries(
      Object.entries(message.headers ?? {}).flatMap(([name, value]) => {
        const last = Array.isArray(value) ? value.at(-1) : value;
        return last === undefined ? [] : [[name, last.toString()] as const];
      }),
    ),
  };
}
