/** Scalars shared by all records. Their bounds equal the bounds of their ClickHouse columns, so nothing wraps in silence. */
import { z } from 'zod';

const NOT_WELL_FORMED = 'must be well-formed Unicode';

/** Text that ClickHouse and JSON both take: at least one character, no lone surrogates, at most `max` UTF-16 units. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => value.isWellFormed(), NOT_WELL_FORMED);

/** The same, but it may be empty. */
export const anyText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed(), NOT_WELL_FORMED);

/** Adds an issue for each text of a list, or key and text of an object, that is not well-formed: one pass, since there are many. */
export function wellFormedWithin(payload: {
  readonly value: readonly string[] | Readonly<Record<string, string>>;
  readonly issues: z.core.$ZodRawIssue[];
}): void {
  for (const [key, value] of Object.entries(payload.value)) {
    if (value.isWellFormed() && key.isWellFormed()) continue;
    payload.issues.push({ code: 'custom', message: NOT_WELL_FORMED, path: [key.toWellFormed()], input: payload.value });
  }
}

/** Milliseconds since 1970-01-01Z; the bound is the end of ClickHouse's DateTime64(3) (2299-12-31). */
export const UnixMs = z.int().min(0).max(10_413_791_999_999);
export const UInt16 = z.int().min(0).max(0xffff);
export const UInt32 = z.int().min(0).max(0xffff_ffff);
/** Stored as UInt64; bounded by what a JSON number carries exactly. */
export const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const Int32 = z.int().min(-0x8000_0000).max(0x7fff_ffff);
/** 128 bits as lower-case hex. */
export const Hex32 = z.string().regex(/^[0-9a-f]{32}$/);
/** 64 bits as lower-case hex. */
export const Hex16 = z.string().regex(/^[0-9a-f]{16}$/);

/** ClickHouse column types that go with the scalars above. */
export const TIME = "DateTime64(3, 'UTC')";
export const NAME = 'LowCardinality(String)';
