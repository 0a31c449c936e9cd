/**
 * Settings of an instrument: the program's options, else OpenTelemetry's own environment variables, else the defaults.
 */
import type { InstrumentOptions } from './options.ts';

export interface Settings {
  readonly disabled: boolean;
  readonly bufferSpans: number;
  readonly bufferBytes: number;
  readonly batchSpans: number;
  /** Time from a span's end to its export. */
  readonly delayMs: number;
  /** Time limit for one export, including the exporter's retries. */
  readonly exportTimeoutMs: number;
  /** How long the instrument may delay the exit of the process. */
  readonly shutdownTimeoutMs: number;
  readonly captureContent: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const EXPORT_TIMEOUT_MS = 3_000; // OpenTelemetry's default of 10 s would delay the exit of a short program for as long
const SHUTDOWN_TIMEOUT_MS = 2_000;
const MAX_MS = 600_000;

export function settingsFrom(options: InstrumentOptions, environment: Environment): Settings {
  const number = (given: number | undefined, names: readonly string[], otherwise: number, max: number): number => {
    const candidates = [given, ...names.map((name) => Number(environment[name]?.trim() || undefined))];
    const found = candidates.find((value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);
    return Math.min(found ?? otherwise, max);
  };
  const bufferSpans = Math.max(1, number(options.bufferSpans, ['OTEL_BSP_MAX_QUEUE_SIZE'], 2_048, 1_000_000));
  const batch = number(undefined, ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], 512, 10_000);
  return {
    disabled: isTrue(environment['OTEL_SDK_DISABLED']) || environment['OTEL_TRACES_EXPORTER']?.trim() === 'none',
    bufferSpans,
    bufferBytes: number(options.bufferBytes, [], 16 * 1024 * 1024, 2 ** 31),
    batchSpans: Math.max(1, Math.min(batch, bufferSpans)),
    delayMs: number(undefined, ['OTEL_BSP_SCHEDULE_DELAY'], 1_000, MAX_MS),
    exportTimeoutMs: number(
      options.exportTimeoutMs,
      ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
      EXPORT_TIMEOUT_MS,
      MAX_MS,
    ),
    shutdownTimeoutMs: number(options.shutdownTimeoutMs, [], SHUTDOWN_TIMEOUT_MS, MAX_MS),
    captureContent: options.captureContent ?? isTrue(environment['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT']),
  };
}

function isTrue(value: string | undefined): boolean {
  return value?.trim().toLowerCase() === 'true';
}
