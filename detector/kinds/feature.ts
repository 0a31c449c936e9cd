/** What a baseline measures within one window: counts, sums, maxima and distinct values, one event at a time. */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import type { Feature, NumericField } from '../model/literals.ts';

/** The running value of one window. It only grows, so a value that is too high stays too high until the window ends. */
export interface Measure {
  readonly value: number;
  /** Smallest hashes of the distinct values seen, ascending; only for `distinct`. */
  readonly hashes?: readonly number[];
}

export const NOTHING: Measure = { value: 0 };

/** Distinct values are counted exactly up to this number, and then estimated to about 4 %. */
const SKETCH = 512;
/** Hashes have 48 bits, so that they are exact as JSON numbers. */
const HASH_DIGITS = 12;
const HASH_SPACE = 2 ** 48;

/** Returns how much this event adds; undefined when it has no value for the feature. */
export function contributionOf(feature: Feature, event: AgentEvent): number | string | undefined {
  switch (feature.kind) {
    case 'count':
      return 1;
    case 'sum':
    case 'max': {
      const value = event[feature.field];
      return value !== undefined && value >= 0 && Number.isFinite(value) ? value : undefined;
    }
    case 'distinct': {
      const value = event[feature.field];
      return value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
    }
    default:
      return feature satisfies never;
  }
}

export function measure(
  feature: Feature,
  before: Measure,
  contribution: number | string,
  hash128: (text: string) => string,
): Measure {
  if (typeof contribution === 'string') return addDistinct(before, contribution, hash128);
  const value = feature.kind === 'max' ? Math.max(before.value, contribution) : before.value + contribution;
  return value === before.value ? before : { value };
}

/**
 * Keeps the k smallest hashes. Below k distinct values this is an exact count. From then on the k-th smallest hash
 * shows their density: (k − 1) / h_k (Bar-Yossef et al., Counting Distinct Elements in a Data Stream, 2002; the
 * unbiased form of Beyer et al., 2007).
 */
function addDistinct(before: Measure, value: string, hash128: (text: string) => string): Measure {
  const hashes = before.hashes ?? [];
  const hash = Number.parseInt(hash128(value).slice(0, HASH_DIGITS), 16);
  const at = lowerBound(hashes, hash);
  if (hashes[at] === hash || at >= SKETCH) return before;
  const next = hashes.toSpliced(at, 0, hash);
  if (next.length > SKETCH) next.pop();
  const largest = next.at(-1) ?? 0;
  const estimate = next.length < SKETCH ? next.length : Math.round((SKETCH - 1) / ((largest + 1) / HASH_SPACE));
  return { value: Math.max(before.value, estimate), hashes: next };
}

function lowerBound(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Values below this are too small to distinguish on the logarithmic scale; in the feature's unit. */
export function resolutionOf(feature: Feature): number {
  return 'field' in feature && feature.field === 'costUsd' ? 0.01 : 1;
}

const WORDS: Record<NumericField, string> = {
  durationMs: 'duration',
  outputBytes: 'command output',
  fileBytes: 'bytes written',
  bytesOut: 'bytes sent',
  bytesIn: 'bytes received',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  costUsd: 'cost',
  contentLength: 'characters',
};

/** Formats a value of the feature: `1.2 MiB of bytes sent`, `42 events`, `17 different filePath`. */
export function describe(feature: Feature, value: number): string {
  switch (feature.kind) {
    case 'count':
      return `${plain(value)} ${value === 1 ? 'event' : 'events'}`;
    case 'distinct':
      return `${plain(value)} different ${feature.field}`;
    case 'sum':
      return `${amount(feature.field, value)} (${WORDS[feature.field]})`;
    case 'max':
      return `${amount(feature.field, value)} (largest ${WORDS[feature.field]})`;
    default:
      return feature satisfies never;
  }
}

/** Formats the amount with its unit. */
export function amountOf(feature: Feature, value: number): string {
  return 'field' in feature && feature.kind !== 'distinct' ? amount(feature.field, value) : plain(value);
}

function amount(field: NumericField, value: number): string {
  if (/bytes/i.test(field)) return bytes(value);
  if (field === 'durationMs') return span(value);
  if (field === 'costUsd') return `$${value.toFixed(2)}`;
  return plain(value);
}

function bytes(value: number): string {
  const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'][power] ?? 'B';
  return `${plain(value / 1024 ** power)} ${unit}`;
}

/** Formats a duration in its largest fitting unit. */
export function span(ms: number): string {
  if (ms >= 86_400_000) return `${plain(ms / 86_400_000)} d`;
  if (ms >= 3_600_000) return `${plain(ms / 3_600_000)} h`;
  if (ms >= 60_000) return `${plain(ms / 60_000)} min`;
  return ms >= 1000 ? `${plain(ms / 1000)} s` : `${plain(ms)} ms`;
}

/**
 * Formats a number with at most three significant digits after the point and commas between thousands, independent of
 * the locale.
 */
function plain(value: number): string {
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  const [whole = '0', fraction] = String(rounded).split('.');
  const grouped = whole.includes('e') ? whole : whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
