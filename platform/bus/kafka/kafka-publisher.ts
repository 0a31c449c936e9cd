/**
 * Publishes in order and exactly once per call: one idempotent producer sends one request at a time. Requests are split
 * by bytes, so that no partition's batch is over the broker's limit (kafkajs does not split).
 */
import type { Message as KafkaJsMessage, Producer } from 'kafkajs';
import { messageOf } from '../../shell-error.ts';
import type { OutgoingMessage } from '../bus.ts';
import { tooLarge } from '../limits.ts';
import { isType, kafkaError } from './kafka-errors.ts';

/** A message with its partition and its size. */
export interface Addressed {
  readonly message: OutgoingMessage;
  readonly partition: number;
  readonly bytes: number;
}

export interface PublisherDeps {
  readonly createProducer: () => Promise<Producer>;
  /** Limit for one partition's batch in one request. */
  readonly maxBatchBytes: number;
}

/**
 * Limit for one request over all partitions. It is far below a broker's 100 MiB and small enough not to delay the next
 * request.
 */
const REQUEST_BYTES = 8 * 1024 ** 2;
/** Size of a record batch's header (61 bytes), and the most that a record adds to its key, value and headers. */
const BATCH_HEADER_BYTES = 61;
const RECORD_BYTES = 40;
const HEADER_BYTES = 10;

export function recordBytes({ key, value, headers }: OutgoingMessage): number {
  let bytes = BATCH_HEADER_BYTES + RECORD_BYTES + Buffer.byteLength(key) + value.byteLength;
  for (const [name, text] of Object.entries(headers ?? {}))
    bytes += HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}

interface Call {
  left: number;
  readonly settle: (error?: unknown) => void;
}

interface Waiting extends Addressed {
  readonly call: Call;
}

export class KafkaPublisher {
  readonly #deps: PublisherDeps;
  #producer: Promise<Producer> | undefined;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** @throws ShellError BUS_MESSAGE_TOO_LARGE, BUS_UNAVAILABLE, BUS_UNKNOWN_TOPIC */
  async publish(messages: readonly Addressed[]): Promise<void> {
    if (messages.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => {
        if (error === undefined) resolve();
        else reject(error instanceof Error ? error : new Error(messageOf(error)));
      };
      const call: Call = { left: messages.length, settle };
      for (const message of messages) this.#waiting.push({ ...message, call });
      this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
    });
  }

  async close(): Promise<void> {
    await this.#sending;
    await this.#discard();
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const request = this.#next();
      try {
        await this.#send(request);
        for (const { call } of request) {
          call.left -= 1;
          if (call.left === 0) call.settle();
        }
      } catch (error) {
        // The remaining messages of a failed call must not be written before the call is repeated.
        const failed = new Set(request.map(({ call }) => call));
        this.#waiting = this.#waiting.filter(({ call }) => !failed.has(call));
        for (const call of failed) call.settle(error);
      }
    }
  }

  /** Selects as much as fits, in order within each partition: messages behind one that does not fit wait too. */
  #next(): readonly Waiting[] {
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    const used = new Map<string, number>();
    let total = 0;
    for (const waiting of this.#waiting) {
      const place = `${waiting.message.topic}/${waiting.partition}`;
      const before = used.get(place) ?? 0;
      const fits = before === 0 || before + waiting.bytes <= this.#deps.maxBatchBytes;
      if (fits && (total === 0 || total + waiting.bytes <= REQUEST_BYTES)) {
        used.set(place, before + waiting.bytes);
        total += waiting.bytes;
        taken.push(waiting);
      } else {
        used.set(place, Infinity);
        left.push(waiting);
      }
    }
    this.#waiting = left;
    return taken;
  }

  async #send(messages: readonly Addressed[]): Promise<void> {
    this.#producer ??= this.#deps.createProducer();
    try {
      await sendWithin(await this.#producer, messages);
    } catch (error) {
      // It is unknown whether the last request arrived. If this producer continued, it would use the same sequence
      // numbers for other messages, and the broker would drop those as repeats.
      await this.#discard();
      throw kafkaError(error, 'publishing', messages[0]?.message.topic);
    }
  }

  async #discard(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then(
      (made) => made.disconnect(),
      () => undefined,
    );
  }
}

interface Sender {
  sendBatch(batch: {
    readonly acks: number;
    readonly topicMessages: { readonly topic: string; readonly messages: KafkaJsMessage[] }[];
  }): Promise<unknown>;
}

/**
 * Sends a request, and splits it further if the broker's limit is lower than the known one: first into partitions (a
 * batch that had already arrived is sent again unchanged, and the broker recognises it), then each batch in halves.
 *
 * @throws ShellError BUS_MESSAGE_TOO_LARGE naming the message
 */
export async function sendWithin(sender: Sender, messages: readonly Addressed[]): Promise<void> {
  const places = groupBy(messages, ({ message, partition }) => `${message.topic}/${partition}`);
  try {
    const topics = groupBy(messages, ({ message }) => message.topic);
    await sender.sendBatch({
      acks: -1,
      topicMessages: [...topics].map(([topic, group]) => ({ topic, messages: group.map(toKafkaJs) })),
    });
  } catch (error) {
    if (!isType(error, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE')) throw error;
    const [first] = messages;
    if (messages.length === 1 && first !== undefined) throw tooLarge(first.message, first.bytes - 1, error);
    if (places.size > 1) {
      for (const group of places.values()) await sendWithin(sender, group);
      return;
    }
    const half = Math.ceil(messages.length / 2);
    await sendWithin(sender, messages.slice(0, half));
    await sendWithin(sender, messages.slice(half));
  }
}

/** An empty value is sent as null. Readers here treat both alike, and in a compacted topic null deletes the key. */
function toKafkaJs({ message, partition }: Addressed): KafkaJsMessage {
  const { key, value, headers } = message;
  return {
    key: Buffer.from(key),
    value: value.byteLength === 0 ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    partition,
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
