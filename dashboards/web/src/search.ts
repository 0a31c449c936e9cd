/** What the address bar may say, screen by screen. Unknown or malformed parameters are dropped, never an error. Pure. */
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

/** Every field may be set to undefined: that is how a navigation drops it. */
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
/** What a session's story can be narrowed to besides categories. */
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

/** Several of a known set, in the set's own order; none or all of them is no filter. */
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

/** A filter holds only what is given: two that say the same are equal, and one that says nothing is empty. */
export function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const spanOf = (raw: Raw) => ({
  range: oneOf(raw['range'], Object.keys(RANGES) as Range[]),
  from: instantOf(raw['from']),
  to: instantOf(raw['to']),
});

// Each field is set, to undefined where it is malformed: the router lays these over the address's own parameters, so
// that one merely left out would come through as it was typed.
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

/** Plain text both ways, so that `tenant=007` stays what it is and a link can be read and typed by a person. */
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

/** The instants a range stands for now, in ms since the epoch; fixed instants win over a moving range. */
export function instantsOf(span: Span, now: number): { readonly from?: number; readonly to?: number } {
  if (span.from !== undefined || span.to !== undefined)
    return {
      ...(span.from !== undefined && { from: Date.parse(span.from) }),
      ...(span.to !== undefined && { to: Date.parse(span.to) }),
    };
  return span.range === undefined ? {} : { from: now - RANGES[span.range] };
}
