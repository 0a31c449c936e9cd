/** For authors of agents: reports what a session does as OpenTelemetry spans, which a collector turns into events. */
import { hostname } from 'node:os';
import { BasicTracerProvider, AlwaysOnSampler } from '@opentelemetry/sdk-trace-base';
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { settingsFrom, type Settings } from './environment.ts';
import { type ExitHooks, installExitHooks } from './exit-hooks.ts';
import { createErrorGuard } from './error-guard.ts';
import type { Instrument, InstrumentOptions, Session } from './options.ts';
import { otlpExporters, type Exporters } from './otlp-exporter.ts';
import { INERT, type Open, startSession } from './session.ts';
import { SpanBuffer } from './span-buffer.ts';

/** Name of the instrumentation scope. */
export const SCOPE = 'vigil.instrument';

/**
 * Never throws. If it cannot work (for example because the endpoint is not a URL), the returned instrument does
 * nothing, and `stats().lastError` contains the reason.
 */
export function createInstrument(options: InstrumentOptions): Instrument {
  const guard = createErrorGuard();
  const inert = inertInstrument(() => guard.lastError);
  return guard.run(() => {
    const settings = settingsFrom(options, options.ignoreEnvironment === true ? {} : process.env);
    return settings.disabled ? inert : liveInstrument(options, settings, guard);
  }, inert);
}

function liveInstrument(
  options: InstrumentOptions,
  settings: Settings,
  guard: ReturnType<typeof createErrorGuard>,
): Instrument {
  const { exporter } = options;
  const exporters: Exporters =
    exporter === undefined ? otlpExporters(options) : { create: () => exporter, abandon: () => undefined };
  const buffer = new SpanBuffer({
    settings,
    exporter: exporters.create(settings.exportTimeoutMs),
    lastExporter: memo(() => exporters.create(Math.min(settings.exportTimeoutMs, settings.shutdownTimeoutMs))),
    abandon: exporters.abandon,
  });
  const provider = new BasicTracerProvider({
    resource: resourceOf(options),
    // An audit trail is not sampled, and limits from the environment do not truncate it.
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeValueLengthLimit: Infinity, attributeCountLimit: 128 },
    spanProcessors: [buffer],
    ...(options.idGenerator === undefined ? {} : { idGenerator: options.idGenerator }),
  });
  const open = new Set<Open>();
  let cut = 0;
  let hooks: ExitHooks | undefined;
  const deps = {
    tracer: provider.getTracer(SCOPE),
    guard,
    captureContent: settings.captureContent,
    identity: { user: options.user, host: options.host ?? hostname(), repository: options.repository },
    onCut: () => void (cut += 1),
    open,
  };
  const endAll = (): void => {
    // Sessions come first: each ends the activities that are open in it.
    for (const entry of [...open]) guard.run(() => entry.end({ outcome: 'unknown' }), undefined);
  };
  const flush = (): Promise<void> => buffer.forceFlush().catch(() => undefined);
  const instrument: Instrument = {
    session: (session = {}) => guard.run(() => startSession(deps, session), INERT_SESSION),
    stats: () => ({ ...buffer.stats(), cut, errors: guard.errors, lastError: guard.lastError ?? buffer.lastError }),
    flush,
    shutdown: async () => {
      guard.run(() => hooks?.remove(), undefined);
      endAll();
      await buffer.shutdown().catch(() => undefined);
    },
  };
  if (options.exitHooks !== false) {
    hooks = installExitHooks(process, {
      hasWork: () => open.size > 0 || !buffer.isEmpty,
      flush,
      finish: () => {
        endAll();
        return flush();
      },
    });
  }
  return instrument;
}

function resourceOf({ agentName, agentVersion, ignoreEnvironment }: InstrumentOptions): Resource {
  const version = agentVersion === undefined ? {} : { 'service.version': agentVersion };
  const own = resourceFromAttributes({ 'service.name': agentName, ...version });
  return ignoreEnvironment === true ? own : own.merge(detectResources({ detectors: [envDetector] }));
}

const INERT_SESSION: Session = {
  sessionId: '',
  ...INERT,
  turn: () => INERT_TURN,
  end: () => undefined,
};
const INERT_TURN = { turnId: '', ...INERT, subAgent: () => INERT_TURN, end: () => undefined };

function inertInstrument(lastError: () => string | undefined): Instrument {
  return {
    session: () => INERT_SESSION,
    stats: () => ({
      recorded: 0,
      exported: 0,
      waiting: 0,
      dropped: { bufferFull: 0, refused: 0, shutdown: 0 },
      cut: 0,
      errors: lastError() === undefined ? 0 : 1,
      lastError: lastError(),
    }),
    flush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

function memo<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
