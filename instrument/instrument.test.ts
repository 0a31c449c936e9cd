import { describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { settingsFrom } from './environment.ts';
import { installExitHooks } from './exit-hooks.ts';
import { createInstrument } from './instrument.ts';
import type { Activities, InstrumentOptions } from './options.ts';

function collected(options: Partial<InstrumentOptions> = {}) {
  const exporter = new InMemorySpanExporter();
  const instrument = createInstrument({ agentName: 'a', exitHooks: false, exporter, ...options });
  return {
    instrument,
    spans: async () => {
      await instrument.flush();
      return exporter.getFinishedSpans();
    },
  };
}

const HOSTILE: readonly unknown[] = [
  undefined,
  null,
  42,
  'text',
  Symbol('s'),
  [],
  Object.create(null),
  {
    get commandLine(): string {
      throw new Error('getter');
    },
    get at(): Date {
      throw new Error('getter');
    },
  },
  {
    commandLine: Symbol('s'),
    model: 1n,
    path: {},
    operation: 'constructor',
    url: 7,
    tool: null,
    server: [],
    decision: {},
    callId: {},
  },
  { at: NaN, commandLine: '\ud800', path: '\ud800', url: 'https://\ud800@x/', tool: '', model: '' },
  {
    at: new Date(NaN),
    error: {
      toString: () => {
        throw new Error('toString');
      },
    },
    arguments: {
      get x(): string {
        throw new Error('x');
      },
    },
  },
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('proxy');
      },
      ownKeys: () => {
        throw new Error('proxy');
      },
    },
  ),
];

describe('an instrument', () => {
  it('does not throw for any input', async () => {
    for (const value of HOSTILE) {
      const { instrument, spans } = collected({ captureContent: true });
      const any = value as never;
      const session = instrument.session(any);
      session.end(any);
      const sound = instrument.session();
      const turn = sound.turn(any);
      for (const scope of [sound, turn, turn.subAgent(any)] satisfies Activities[]) {
        for (const begin of [scope.modelCall, scope.toolCall, scope.command, scope.file, scope.network, scope.mcpCall])
          begin(any).end(any);
        scope.approval(any);
      }
      turn.end(any);
      sound.end(any);
      expect(await spans()).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'session.end' })]));
      await instrument.shutdown();
    }
  });

  it.each(HOSTILE.map((_, index) => index))('does nothing when it cannot work: %d', async (index) => {
    const instrument = createInstrument(
      Object.assign(Object(HOSTILE[index]) as object, {
        exitHooks: false,
        exporter: new InMemorySpanExporter(),
      }) as never,
    );
    instrument.session().command({ commandLine: 'ls' }).end();
    await instrument.shutdown();
    expect(typeof instrument.stats().errors).toBe('number');
  });

  it('reports why it does nothing', () => {
    const instrument = createInstrument({ agentName: 'a', endpoint: 'no address' });
    instrument.session().turn({ prompt: 'x' }).subAgent({ name: 'y' }).end();
    expect(instrument.stats()).toMatchObject({
      recorded: 0,
      errors: 1,
      lastError: expect.stringContaining('URL') as unknown,
    });
  });

  it('sends no content unless content is enabled', async () => {
    const tell = async (captureContent: boolean): Promise<string> => {
      const { instrument, spans } = collected({ captureContent });
      const turn = instrument.session().turn({ prompt: 'secret prompt' });
      turn.toolCall({ tool: 'plan', arguments: { step: 'secret step' } }).end({ result: 'secret result' });
      turn.mcpCall({ server: 's', tool: 't', arguments: { note: 'secret note' } }).end({ result: 'secret answer' });
      turn.network({ url: 'https://me:secret@x.example/p' }).end();
      turn.end();
      return JSON.stringify((await spans()).map(({ attributes }) => attributes));
    };
    expect(await tell(false)).not.toContain('secret');
    const reported = await tell(true);
    for (const text of ['secret prompt', 'secret step', 'secret result', 'secret note', 'secret answer'])
      expect(reported).toContain(text);
    expect(reported).not.toContain('me:secret');
  });

  it('accepts times in the past, before the program started', async () => {
    const { instrument, spans } = collected();
    const session = instrument.session({ at: 1_000_000_000_123 });
    session.command({ commandLine: 'ls', at: new Date(1_000_000_001_000) }).end({ at: 1_000_000_002_500 });
    const [start, ls] = await spans();
    expect([start?.startTime, start?.endTime]).toEqual([
      [1_000_000_000, 123e6],
      [1_000_000_000, 123e6],
    ]);
    expect([ls?.startTime, ls?.endTime, ls?.duration]).toEqual([
      [1_000_000_001, 0],
      [1_000_000_002, 500e6],
      [1, 500e6],
    ]);
  });

  it('marks and counts a text that it truncates', async () => {
    const { instrument, spans } = collected();
    instrument
      .session()
      .command({ commandLine: 'x'.repeat(1_048_577) })
      .end();
    const attributes = (await spans()).at(-1)?.attributes ?? {};
    expect(String(attributes['process.command_line'])).toHaveLength(1_048_576);
    expect(attributes['vigil.cut.process.command_line']).toBe(1_048_577);
    expect(instrument.stats().cut).toBe(1);
  });

  it('numbers the records of each session without gaps, and ends each once', async () => {
    const { instrument, spans } = collected();
    const session = instrument.session();
    const turn = session.turn();
    const left = turn.command({ commandLine: 'sleep 9' });
    turn.end();
    turn.end();
    left.end({ exitCode: 0 });
    session.end();
    const reported = (await spans()).map(({ name, attributes }) => [
      name,
      attributes['vigil.sequence'],
      attributes['vigil.outcome'],
    ]);
    expect(reported).toEqual([
      ['session.start', 1, undefined],
      ['execute_tool shell', 2, 'unknown'],
      ['invoke_agent', 3, undefined],
      ['session.end', 4, undefined],
    ]);
  });

  it('keeps a bounded number of open activities', async () => {
    const { instrument } = collected({ bufferSpans: 100 });
    const session = instrument.session();
    for (let i = 0; i < 10_100; i += 1) session.command({ commandLine: 'sleep 9' });
    expect(instrument.stats().recorded).toBeGreaterThanOrEqual(100);
    await instrument.shutdown();
    expect(instrument.stats().recorded).toBe(10_102);
  });
});

describe('its settings', () => {
  const of = (environment: Readonly<Record<string, string>>, options: Partial<InstrumentOptions> = {}) =>
    settingsFrom({ agentName: 'a', ...options }, environment);

  it('come from the program, then from OpenTelemetry’s variables', () => {
    expect(of({})).toMatchObject({
      disabled: false,
      bufferSpans: 2048,
      batchSpans: 512,
      exportTimeoutMs: 3000,
      captureContent: false,
    });
    expect(of({ OTEL_BSP_MAX_QUEUE_SIZE: '7', OTEL_EXPORTER_OTLP_TIMEOUT: '10' })).toMatchObject({
      bufferSpans: 7,
      batchSpans: 7,
      exportTimeoutMs: 10,
    });
    expect(of({ OTEL_BSP_MAX_QUEUE_SIZE: '7' }, { bufferSpans: 9 }).bufferSpans).toBe(9);
    expect(of({ OTEL_EXPORTER_OTLP_TIMEOUT: '5', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '6' }).exportTimeoutMs).toBe(6);
    expect(of({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'TRUE' }).captureContent).toBe(true);
  });

  it('have defaults for missing values', () => {
    expect(of({ OTEL_BSP_MAX_QUEUE_SIZE: 'many', OTEL_EXPORTER_OTLP_TIMEOUT: '' })).toMatchObject({
      bufferSpans: 2048,
      exportTimeoutMs: 3000,
    });
    expect(of({}, { bufferSpans: -1, shutdownTimeoutMs: Infinity })).toMatchObject({
      bufferSpans: 2048,
      shutdownTimeoutMs: 2000,
    });
  });

  it.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])(
    'are switched off by %j',
    (environment) => {
      expect(of(environment).disabled).toBe(true);
    },
  );
});

describe('its hooks', () => {
  function host() {
    const listeners = new Map<string, (() => void)[]>();
    const killed: string[] = [];
    return {
      pid: 1,
      killed,
      on: (event: string, listener: () => void) =>
        void listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      off: (event: string, listener: () => void) =>
        void listeners.set(
          event,
          (listeners.get(event) ?? []).filter((other) => other !== listener),
        ),
      listeners: (event: string) => listeners.get(event) ?? [],
      kill: (_pid: number, signal: string) => void killed.push(signal),
      emit: (event: string) => (listeners.get(event) ?? []).forEach((listener) => listener()),
    };
  }
  const work = () => {
    const did: string[] = [];
    const does = (what: string) => () => Promise.resolve(void did.push(what));
    return { did, hasWork: () => true, flush: does('flush'), finish: does('finish') };
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('end the process with its signal once all instruments have finished', async () => {
    const process = host();
    const [one, two] = [work(), work()];
    installExitHooks(process, one);
    installExitHooks(process, two);
    process.emit('SIGTERM');
    await settled();
    expect([one.did, two.did, process.killed]).toEqual([['finish'], ['finish'], ['SIGTERM']]);
  });

  it('do not end the process if the program listens to the signal itself', async () => {
    const process = host();
    const one = work();
    installExitHooks(process, one);
    process.on('SIGINT', () => undefined);
    process.emit('SIGINT');
    await settled();
    expect([one.did, process.killed]).toEqual([['flush'], []]);
  });

  it('finish once, and leave nothing behind', () => {
    const process = host();
    const one = work();
    const hooks = installExitHooks(process, one);
    process.emit('beforeExit');
    process.emit('beforeExit');
    expect(one.did).toEqual(['finish']);
    hooks.remove();
    for (const event of ['beforeExit', 'SIGTERM', 'SIGINT', 'SIGHUP']) expect(process.listeners(event)).toEqual([]);
  });
});
