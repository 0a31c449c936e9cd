/** The parameters of the address, screen by screen. Unknown or malformed ones are dropped and never an error. Pure. */
import type { Category } from '../../../schemas/records/agent-event.ts';
import type { Severity } from '../../../schemas/records/alert.ts';

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'informational'] as const satisfies readonly Severity[];
export const CATEGORIES = [
  'prompt',
  'command',
  'file',
  'network',
  'approval',
  'sandbox',
  'tool',
  'mcp',
  'model',
  'session',
  'auth',
  'config',
  'telemetry',
] as const satisfies readonly Category[];

/** Ranges that move with the clock; a fixed one is `from` and `to`. */
export const RANGES = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const;
export type Range = keyof typeof RANGES;

/** Every field may be set to undefined, which is how a navigation removes it. */
export interface Span {
  readonly range?: Range | undefined;
  /** ISO 8601 with a zone. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}
export interface RootSearch {
  readonly tenant?: string | undefined;
}
export interface AlertsSearch extends Span {
  readonly severity?: readonly Severity[] | undefined;
  readonly detectionId?: string | undefined;
  readonly entity?: string | undefined;
  /** The alert whose panel is open. */
  readonly alert?: string | undefined;
}
export interface SessionsSearch extends Span {
  readonly actor?: string | undefined;
  readonly agentName?: string | undefined;
}
/** Filters of a session's story besides categories. */
export const FOCUSES = ['stops', 'failures', 'alerts'] as const;
export type Focus = (typeof FOCUSES)[number];
export interface SessionSearch {
  /** The event that is open and marked. */
  readonly event?: string | undefined;
  readonly show?: readonly Category[] | undefined;
  readonly only?: Focus | undefined;
}

type Raw = Readonly<Record<string, unknown>>;

const textOf = (value: unknown, max: number): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= max ? value : undefined;

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((one) => one === value);
}

/** Several values of a known set, in the set's order; selecting none or all of them is no filter. */
function someOf<T extends string>(value: unknown, known: readonly T[]): readonly T[] | undefined {
  const asked: readonly unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  const found = known.filter((one) => asked.includes(one));
  return found.length === 0 || found.length === known.length ? undefined : found;
}

function instantOf(value: unknown): string | undefined {
  const text = textOf(value, 40);
  if (text === undefined || !/^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** Removes undefined fields, so that equal filters are equal objects and an empty filter is empty. */
export function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const spanOf = (raw: Raw) => ({
  range: oneOf(raw['range'], Object.keys(RANGES) as Range[]),
  from: instantOf(raw['from']),
  to: instantOf(raw['to']),
});

// Each field is set, and to undefined if it is malformed. The router merges these over the address's own parameters, so
// a missing field would keep the value as it was typed.
export const rootSearch = (raw: Raw): RootSearch => ({ tenant: textOf(raw['tenant'], 256) });

export const alertsSearch = (raw: Raw): AlertsSearch => ({
  ...spanOf(raw),
  severity: someOf(raw['severity'], SEVERITIES),
  detectionId: textOf(raw['detectionId'], 128),
  entity: textOf(raw['entity'], 1024),
  alert: textOf(raw['alert'], 64),
});

export const sessionsSearch = (raw: Raw): SessionsSearch => ({
  ...spanOf(raw),
  actor: textOf(raw['actor'], 600),
  agentName: textOf(raw['agentName'], 64),
});

export const sessionSearch = (raw: Raw): SessionSearch => ({
  event: textOf(raw['event'], 64),
  show: someOf(raw['show'], CATEGORIES),
  only: oneOf(raw['only'], FOCUSES),
});

/** Uses plain text both ways, so that `tenant=007` stays as it is and people can read and type a link. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Raw): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === 'string') params.set(key, value);
    else if (Array.isArray(value)) params.set(key, value.join(','));
  }
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}

/** Returns the current instants of a range, in ms since the epoch; fixed instants override a moving range. */
export function instantsOf(span: Span, now: number): { readonly from?: number; readonly to?: number } {
  if (span.from !== undefined || span.to !== undefined)
    return {
      ...(span.from !== undefined && { from: Date.parse(span.from) }),
      ...(span.to !== undefined && { to: Date.parse(span.to) }),
    };
  return span.range === undefined ? {} : { from: now - RANGES[span.range] };
}
