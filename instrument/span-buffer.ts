/**
 * Buffers spans for the collector: a bounded queue in front of one export at a time. A batch that could not be
 * delivered is kept and retried, so a collector that is down for a while loses nothing until the buffer is full. If the
 * collector had stored such a batch without acknowledging it, it recognises the repeat by its bytes.
 */
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Settings } from './environment.ts';
import type { InstrumentStats } from './options.ts';

const RETRY_MS = 1_000; // doubled each time, up to:
const MAX_RETRY_MS = 30_000;
const BATCH_BYTES = 4 * 1024 * 1024; // a collector bounds its requests

type Fate = 'delivered' | 'refused' | 'undelivered';

interface Waiting {
  readonly span: ReadableSpan;
  readonly bytes: number;
}

export interface SpanBufferDeps {
  readonly settings: Pick<Settings, 'bufferSpans' | 'bufferBytes' | 'batchSpans' | 'delayMs' | 'shutdownTimeoutMs'>;
  readonly exporter: SpanExporter;
  /** For the last exports, which have less time. */
  readonly lastExporter: () => SpanExporter;
  /** Aborts running exports. */
  readonly abandon: () => void;
}

export class SpanBuffer implements SpanProcessor {
  readonly #deps: SpanBufferDeps;
  readonly #waiting: Waiting[] = [];
  readonly #dropped = { bufferFull: 0, refused: 0, shutdown: 0 };
  #bytes = 0;
  #recorded = 0;
  #exported = 0;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;
  #underWay: Promise<Fate> | undefined;
  #closed = false;
  #givenUp = false;
  lastError: string | undefined;

  constructor(deps: SpanBufferDeps) {
    this.#deps = deps;
  }

  onStart(): void {
    // A span is only sent when it has ended.
  }

  onEnd(span: ReadableSpan): void {
    this.#recorded += 1;
    const bytes = sizeOf(span);
    const { bufferSpans, bufferBytes, batchSpans, delayMs } = this.#deps.settings;
    if (this.#closed) this.#dropped.shutdown += 1;
    else if (this.#waiting.length >= bufferSpans || this.#bytes + bytes > bufferBytes) this.#dropped.bufferFull += 1;
    else {
      this.#waiting.push({ span, bytes });
      this.#bytes += bytes;
      // After a failed delivery, a full batch does not make the next attempt earlier.
      const isFull = this.#waiting.length >= batchSpans && this.#retryMs === RETRY_MS;
      this.#exportIn(isFull ? 0 : delayMs, isFull);
    }
  }

  stats(): Pick<InstrumentStats, 'recorded' | 'exported' | 'waiting' | 'dropped'> {
    return {
      recorded: this.#recorded,
      exported: this.#exported,
      waiting: this.#waiting.length,
      dropped: { ...this.#dropped },
    };
  }

  async forceFlush(): Promise<void> {
    await this.#within(this.#deps.settings.shutdownTimeoutMs, () => this.#sendAll());
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    const inTime = await this.#within(this.#deps.settings.shutdownTimeoutMs, () => this.#sendAll());
    clearTimeout(this.#timer);
    this.#givenUp = true;
    if (!inTime || this.#waiting.length > 0) this.#deps.abandon();
    this.#dropped.shutdown += this.#waiting.length;
    this.#take(this.#waiting.length);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Sends everything that is waiting now; stops at the first batch that is not delivered. */
  async #sendAll(): Promise<void> {
    await this.#underWay;
    const exporter = this.#deps.lastExporter();
    while (this.#waiting.length > 0) {
      this.#underWay ??= this.#send(exporter);
      if ((await this.#underWay) === 'undelivered') return;
    }
  }

  /** The timer keeps the process alive, but only as long as is allowed. @returns whether the work finished in time */
  async #within(ms: number, work: () => Promise<void>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    try {
      return await Promise.race([work().then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #exportIn(ms: number, sooner = false): void {
    if (this.#underWay !== undefined || this.#closed) return;
    if (this.#timer !== undefined && !sooner) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting.length > 0) this.#underWay ??= this.#send(this.#deps.exporter);
    }, ms);
    this.#timer.unref();
  }

  async #send(exporter: SpanExporter): Promise<Fate> {
    const batch = this.#nextBatch();
    const fate = await this.#export(exporter, batch);
    // It has already been counted as dropped.
    if (this.#givenUp) return fate;
    if (fate === 'delivered') this.#exported += batch.length;
    else if (fate === 'refused') this.#dropped.refused += batch.length;
    if (fate !== 'undelivered') this.#take(batch.length);
    this.#underWay = undefined;
    const wait = fate === 'undelivered' ? this.#retryMs : 0;
    this.#retryMs = fate === 'undelivered' ? Math.min(this.#retryMs * 2, MAX_RETRY_MS) : RETRY_MS;
    if (this.#waiting.length > 0)
      this.#exportIn(Math.max(wait, this.#isBatch() ? 0 : this.#deps.settings.delayMs), true);
    return fate;
  }

  /** Returns at least one span, and at most as many as fit into a batch. */
  #nextBatch(): ReadableSpan[] {
    const batch: ReadableSpan[] = [];
    let room = BATCH_BYTES;
    for (const { span, bytes } of this.#waiting.slice(0, this.#deps.settings.batchSpans)) {
      room -= bytes;
      if (room < 0 && batch.length > 0) break;
      batch.push(span);
    }
    return batch;
  }

  #isBatch(): boolean {
    return this.#waiting.length >= this.#deps.settings.batchSpans;
  }

  #take(count: number): void {
    for (const { bytes } of this.#waiting.splice(0, count)) this.#bytes -= bytes;
  }

  #export(exporter: SpanExporter, batch: ReadableSpan[]): Promise<Fate> {
    return new Promise((resolve) => {
      try {
        exporter.export(batch, ({ code, error }) => {
          const delivered = code === ExportResultCode.SUCCESS;
          if (!delivered) this.lastError = error?.message ?? 'an export failed';
          resolve(delivered ? 'delivered' : isFinal(error) ? 'refused' : 'undelivered');
        });
      } catch (error) {
        this.lastError = String(error);
        resolve('refused');
      }
    });
  }
}

/** If a retry would not help, the exporter sets the HTTP status as the error's code. */
function isFinal(error: Error | undefined): boolean {
  const code: unknown = error === undefined || !('code' in error) ? undefined : error.code;
  return typeof code === 'number' && code >= 400 && code < 500 && code !== 408 && code !== 429;
}

const SPAN_BYTES = 512; // ids, times, keys and what an object costs

function sizeOf({ attributes, name }: ReadableSpan): number {
  let bytes = SPAN_BYTES + name.length;
  for (const value of Object.values(attributes)) bytes += typeof value === 'string' ? value.length * 2 : 16;
  return bytes;
}
