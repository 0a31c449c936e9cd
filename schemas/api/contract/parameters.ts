/** Query parameters that several routes accept. */
import { z } from 'zod';
import { UnixMs } from '../../records/scalars.ts';

/** A number as a query string carries it. `Number` would read ` ` as 0 and `0x10` as 16. */
const digits = (number: z.ZodType<number, number>) =>
  z.string().regex(/^\d+$/, 'must be a whole number in decimal digits').transform(Number).pipe(number);

/** Milliseconds since the epoch, or ISO 8601 with a zone. The description shows what a client sends. */
export const instant = z
  .union([
    digits(UnixMs),
    z.iso
      .datetime({ offset: true })
      .transform((iso) => Date.parse(iso))
      .pipe(UnixMs),
  ])
  .meta({
    anyOf: [
      { type: 'integer', minimum: 0, maximum: UnixMs.maxValue },
      { type: 'string', format: 'date-time' },
    ],
  })
  .optional();

export const flag = z
  .enum(['true', 'false'])
  .transform((word) => word === 'true')
  .pipe(z.boolean())
  .default(false);

/** One value or several, separated by commas. */
export const oneOrMore = <V extends z.ZodType<unknown, string>>(value: V) =>
  z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(value).min(1))
    .optional();

export const tenant = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .describe('Owner of the data; default: the tenant of the credential, or of the server');

export const actor = z.string().min(1).max(600).optional().describe('Actor, exact match');

export const limit = digits(z.int().min(1).max(1000)).default(100).describe('Rows per page');

export const cursor = z
  .string()
  .min(1)
  .max(1024)
  .optional()
  .describe('nextCursor of the previous page; filters other than from, to and limit must be the same');

/** A row moves to the newer end when more of it arrives. Paging from the oldest row therefore misses none. */
export const order = z
  .enum(['newest', 'oldest'])
  .optional()
  .meta({ default: 'newest' })
  .describe(
    'Which rows come first. A row moves to the newer end when more of it arrives: a client that pages from the newest row can miss it, one that pages from the oldest sees it again',
  );

/** Requests about a tenant that have no other parameter. */
export const TenantQuery = z.strictObject({ tenant });

/** Requests without a parameter. */
export const NoQuery = z.strictObject({});

/** One page of a list; `nextCursor` is null on the last one. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
