/** Sigma's time modifiers: one number taken from a date, in UTC. */
import type { FieldValue } from '../view.ts';

const PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
type DatePart = (typeof PARTS)[number];

export function isDatePart(modifier: string): modifier is DatePart {
  return (PARTS as readonly string[]).includes(modifier);
}

/** @param value milliseconds since 1970, or a date as text; undefined comes back for anything else */
export function datePart(part: string, value: FieldValue): number | undefined {
  const date = new Date(typeof value === 'string' ? value : Number(value));
  if (typeof value === 'boolean' || Number.isNaN(date.getTime())) return undefined;
  switch (part as DatePart) {
    case 'minute':
      return date.getUTCMinutes();
    case 'hour':
      return date.getUTCHours();
    case 'day':
      return date.getUTCDate();
    case 'week':
      return isoWeek(date);
    case 'month':
      return date.getUTCMonth() + 1;
    case 'year':
      return date.getUTCFullYear();
    default:
      return undefined;
  }
}

/** ISO 8601: the week that holds the year's first Thursday is week 1. */
function isoWeek(date: Date): number {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const firstDay = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.ceil(((thursday.getTime() - firstDay) / 86_400_000 + 1) / 7);
}
