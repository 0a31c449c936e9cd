/** Formats counts, bytes, durations, money and probabilities for people. Pure. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const cost = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const smallCost = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const formatCount = (count: number): string => whole.format(count);
/** Formats `1.2M` for a narrow column; the exact number belongs in the title. */
export const formatCompact = (count: number): string => (count < 10_000 ? whole.format(count) : compact.format(count));
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/**
 * Formats three significant digits and all digits before the point, never in exponent form for what a person would
 * count.
 */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if ((Number.isInteger(value) || size >= 1000) && size < 1e15) return whole.format(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return value.toExponential(2);
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 ? whole.format(value) : value.toFixed(Math.abs(value) < 10 ? 1 : 0);
  return `${digits} ${UNITS[unit] ?? ''}`;
}

export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${formatNumber(Math.round(durationMs * 10) / 10)} ms`;
  const seconds = durationMs / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return two(hours, 'h', minutes % 60, 'min');
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** Formats `1 h 20 min`, and `1 h` rather than `1 h 0 min`. */
const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

/** Formats an exact amount, without the digits that adding binary fractions leaves behind. */
export const formatExact = (value: number): string =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(12)));

export function formatCost(usd: number): string {
  if (usd === 0) return '$0';
  if (Math.abs(usd) < 1e-6) return 'under $0.000001';
  return `$${(Math.abs(usd) < 0.01 ? smallCost : cost).format(usd)}`;
}

/** Formats how rare something is: `1 in 2,300`. */
export function formatRarity(probability: number): string {
  if (probability <= 0) return 'less than 1 in a billion';
  if (probability >= 0.5) return `${Math.round(probability * 100)} in 100`;
  const oneIn = 1 / probability;
  if (oneIn > 1e9) return 'less than 1 in a billion';
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(oneIn)) - 1);
  return `1 in ${formatCount(Math.round(oneIn / digits) * digits)}`;
}

export const formatShare = (share: number): string =>
  share >= 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(share > 0.99 ? 1 : 0)} %`;

export type Unit = 'bytes' | 'duration' | 'cost' | 'plain';

/**
 * A feature is named after the field that it sums or counts (`sum(bytesOut)`), and the name of a field includes its
 * unit.
 */
export function unitOf(feature: string): Unit {
  if (/^(count|distinct|rate)\b/i.test(feature)) return 'plain';
  if (/bytes/i.test(feature)) return 'bytes';
  if (/(durationMs|duration|latency)/i.test(feature)) return 'duration';
  if (/(costUsd|cost|usd)/i.test(feature)) return 'cost';
  return 'plain';
}

export function formatUnit(value: number, unit: Unit): string {
  switch (unit) {
    case 'bytes':
      return formatBytes(value);
    case 'duration':
      return value < 0 ? `−${formatDuration(-value)}` : formatDuration(value);
    case 'cost':
      return formatCost(value);
    case 'plain':
      return formatNumber(value);
  }
}
