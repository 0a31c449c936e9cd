import { describe, expect, it } from '@jest/globals';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { SpanBuffer } from './span-buffer.ts';

const span = (name: string, text = ''): ReadableSpan => ({ name, attributes: { text } }) as unknown as ReadableSpan;

const DELIVERED: ExportResult = { code: ExportResultCode.SUCCESS };
const UNDELIVERED: ExportResult = { code: ExportResultCode.FAILED, error: new Error('nobody there') };
const REFUSED: ExportResult = {
  code: ExportResultCode.FAILED,
  error: Object.assign(new Error('Bad Request'), { code: 400 }),
};

/** A buffer for which the test answers the exports. */
function buffered(settings: Partial<ConstructorParameters<typeof SpanBuffer>[0]['settings']> = {}) {
  const sent: string[][] = [];
  const answers: ExportResult[] = [];
  let abandoned = 0;
  const exporter: SpanExporter = {
    export: (batch, done) => {
      sent.push(batch.map(({ name }) => name));
      const next = answers.shift();
      if (next !== undefined) done(next);
    },
    shutdown: () => Promise.resolve(),
  };
  const buffer = new SpanBuffer({
    settings: {
      bufferSpans: 100,
      bufferBytes: 1e6,
      batchSpans: 10,
      delayMs: 60_000,
      shutdownTimeoutMs: 20,
      ...settings,
    },
    exporter,
    lastExporter: () => exporter,
    abandon: () => void (abandoned += 1),
  });
  return { buffer, sent, answers, abandoned: () => abandoned };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `s${index}`);

describe('a span buffer', () => {
  it('sends everything in batches on request', async () => {
    const { buffer, sent, answers } = buffered({ batchSpans: 2 });
    answers.push(DELIVERED, DELIVERED, DELIVERED);
    for (const name of ['a', 'b', 'c', 'd', 'e']) buffer.onEnd(span(name));
    await buffer.forceFlush();
    expect(sent).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(buffer.stats()).toMatchObject({ recorded: 5, exported: 5, waiting: 0 });
  });

  it('keeps the order and the spans of a batch that was not delivered', async () => {
    const { buffer, sent, answers } = buffered();
    answers.push(UNDELIVERED, DELIVERED);
    buffer.onEnd(span('a'));
    await buffer.forceFlush();
    expect(buffer.stats()).toMatchObject({ exported: 0, waiting: 1 });
    expect(buffer.lastError).toBe('nobody there');
    buffer.onEnd(span('b'));
    await buffer.forceFlush();
    expect(sent).toEqual([['a'], ['a', 'b']]);
    expect(buffer.stats()).toMatchObject({ recorded: 2, exported: 2, waiting: 0 });
  });

  it('does not resend what was rejected permanently', async () => {
    const { buffer, sent, answers } = buffered({ batchSpans: 1 });
    answers.push(REFUSED, DELIVERED);
    buffer.onEnd(span('a'));
    buffer.onEnd(span('b'));
    await buffer.forceFlush();
    expect(sent).toEqual([['a'], ['b']]);
    expect(buffer.stats()).toMatchObject({ exported: 1, dropped: { refused: 1 } });
  });

  it.each([
    { name: 'spans', settings: { bufferSpans: 3, batchSpans: 100 } },
    { name: 'bytes', settings: { bufferBytes: 3 * 514, batchSpans: 100 } },
  ])('is limited in $name, and counts what does not fit', ({ settings }) => {
    const { buffer } = buffered(settings);
    for (const name of names(10)) buffer.onEnd(span(name));
    expect(buffer.stats()).toMatchObject({ recorded: 10, waiting: 3, dropped: { bufferFull: 7 } });
  });

  it('limits the bytes of a batch', async () => {
    const { buffer, sent, answers } = buffered({ bufferBytes: 1e9 });
    answers.push(DELIVERED, DELIVERED, DELIVERED);
    for (const name of names(3)) buffer.onEnd(span(name, 'x'.repeat(1_500_000)));
    await buffer.forceFlush();
    expect(sent).toEqual([['s0'], ['s1'], ['s2']]);
  });

  it('stops waiting at a shutdown without an answer, and counts what was not sent', async () => {
    const { buffer, answers, abandoned } = buffered();
    buffer.onEnd(span('a'));
    await buffer.shutdown();
    buffer.onEnd(span('late'));
    expect(answers).toEqual([]);
    expect(abandoned()).toBe(1);
    expect(buffer.stats()).toEqual({
      recorded: 2,
      exported: 0,
      waiting: 0,
      dropped: { bufferFull: 0, refused: 0, shutdown: 2 },
    });
  });

  it('exports a batch as soon as it is full', async () => {
    const { buffer, sent, answers } = buffered({ batchSpans: 2 });
    answers.push(DELIVERED);
    buffer.onEnd(span('a'));
    buffer.onEnd(span('b'));
    for (let tries = 0; sent.length === 0 && tries < 10_000; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(sent).toEqual([['a', 'b']]);
  });

  it('survives an exporter that throws', async () => {
    const throws: SpanExporter = {
      export: () => {
        throw new Error('broken');
      },
      shutdown: () => Promise.resolve(),
    };
    const settings = { bufferSpans: 9, bufferBytes: 1e6, batchSpans: 1, delayMs: 60_000, shutdownTimeoutMs: 1_000 };
    const buffer = new SpanBuffer({ settings, exporter: throws, lastExporter: () => throws, abandon: () => undefined });
    buffer.onEnd(span('a'));
    await buffer.forceFlush();
    expect(buffer.stats()).toMatchObject({ waiting: 0, dropped: { refused: 1 } });
    expect(buffer.lastError).toContain('broken');
  });
});
