/** How durations, sizes, budgets and features are written in a detection file, and their conversion to numbers. */
import { z } from 'zod';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { type Entity, EntityKind } from '../../schemas/records/alert.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const UNIT_BYTES = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

export const DAY_MS = UNIT_MS.d;

/** `90s`, `10m` (minutes), `6h`, `30d` or `2w`, converted to milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d{1,6}[smhdw]$/, 'a duration must be written as 90s, 10m, 6h, 30d or 2w')
  .transform((written) => Number(written.slice(0, -1)) * UNIT_MS[written.slice(-1) as keyof typeof UNIT_MS]);

/** A plain number, or a size such as `50 MiB` or `2 GB`. */
export const Quantity = z.union([
  z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  z
    .string()
    .regex(/^\d{1,12}(\.\d{1,6})? ?([KMGT]i?)?B$/, 'a size must be written as 50 MiB, 2 GB or 300 B')
    .transform((written) => {
      const unit = /[KMGT]?i?B$/.exec(written)?.[0] as keyof typeof UNIT_BYTES;
      return Number(written.slice(0, -unit.length)) * UNIT_BYTES[unit];
    }),
]);

/** How many alerts one entity may raise: alerts per day on which the entity is active. */
export interface Budget {
  readonly entity: Entity['kind'];
  readonly alertsPerDay: number;
}

const BUDGET =
  /^(?<alerts>\d{1,6}(?:\.\d{1,6})?) per (?:(?<span>\d{1,6}) )?(?<entity>actor|session|agent|host|repository|user)-(?<unit>day|week)s?$/;

/** `1 per 30 actor-days`, `2 per actor-week`. */
export const BudgetLiteral = z
  .string()
  .regex(BUDGET, 'a budget must be written as `1 per 30 actor-days` or `2 per actor-week`')
  .transform((written): Budget => {
    const parts = BUDGET.exec(written)?.groups;
    const days = Number(parts?.['span'] ?? 1) * (parts?.['unit'] === 'week' ? 7 : 1);
    return { entity: EntityKind.parse(parts?.['entity']), alertsPerDay: Number(parts?.['alerts']) / days };
  })
  .refine((budget) => budget.alertsPerDay > 0 && Number.isFinite(budget.alertsPerDay), 'a budget must be above zero');

export const AgentEventField = AgentEvent.keyof();
export type AgentEventField = z.infer<typeof AgentEventField>;

/** Fields that a baseline can sum or take the maximum of. */
export const NUMERIC_FIELDS = [
  'durationMs',
  'outputBytes',
  'fileBytes',
  'bytesOut',
  'bytesIn',
  'inputTokens',
  'outputTokens',
  'costUsd',
  'contentLength',
] as const satisfies readonly AgentEventField[];
export type NumericField = (typeof NUMERIC_FIELDS)[number];

/** What a baseline measures in each window. */
export type Feature =
  | { readonly kind: 'count'; readonly text: string }
  | { readonly kind: 'sum' | 'max'; readonly field: NumericField; readonly text: string }
  | { readonly kind: 'distinct'; readonly field: AgentEventField; readonly text: string };

const FEATURE = /^(count|sum|max|distinct)\((\w{0,64})\)$/;

/** `count()`, `sum(bytesOut)`, `max(durationMs)`, `distinct(filePath)`. */
export const FeatureLiteral = z.string().transform((written, context): Feature => {
  const [, kind, field = ''] = FEATURE.exec(written) ?? [];
  const numeric = NUMERIC_FIELDS.find((name) => name === field);
  const known = AgentEventField.safeParse(field);
  if (kind === 'count' && field === '') return { kind, text: written };
  if ((kind === 'sum' || kind === 'max') && numeric !== undefined) return { kind, field: numeric, text: written };
  if (kind === 'distinct' && known.success) return { kind, field: known.data, text: written };
  context.addIssue({
    code: 'custom',
    message: `a feature is count(), distinct(<field of AgentEvent>), or sum(…) or max(…) of one of ${NUMERIC_FIELDS.join(', ')}`,
  });
  return z.NEVER;
});
