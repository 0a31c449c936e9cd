/** Marks where a page of a list ended: the sort key of its last row, opaque to clients. */
import { z } from 'zod';
import { hash128 } from '../../../platform/hash.ts';
import { Hex32, UnixMs, Count } from '../../../schemas/records/scalars.ts';

/** Newest events first. */
const Newest = z.tuple([z.literal('newest'), UnixMs, Hex32]);
/** A session's events in the order in which they happened: time, derived (1) last, the agent's own counter, id. */
const Story = z.tuple([z.literal('story'), UnixMs, z.literal([0, 1]), Count, Hex32]);
const Alerts = z.tuple([z.literal('alerts'), UnixMs, Hex32]);
const Sessions = z.tuple([z.literal('sessions'), UnixMs, z.string().min(1).max(256)]);

const CURSORS = { newest: Newest, story: Story, alerts: Alerts, sessions: Sessions } as const;
export type CursorKind = keyof typeof CURSORS;
export type Cursor<K extends CursorKind> = z.infer<(typeof CURSORS)[K]>;

/** The filter of the list; another sort order is another list. */
export type CursorFilter = Readonly<Record<string, unknown>> & { readonly tenant: string };

/**
 * These may differ from page to page: a time range that ends now moves, and none of these changes the order of the
 * rows.
 */
const MAY_DIFFER = new Set(['from', 'to', 'limit']);
const HASH_DIGITS = 16;

export function encodeCursor(filter: CursorFilter, position: Cursor<CursorKind>): string {
  return Buffer.from(JSON.stringify([hashOf(filter), ...position])).toString('base64url');
}

/** @returns undefined for anything that `encodeCursor` did not create for this kind of list and this filter */
export function decodeCursor<K extends CursorKind>(kind: K, filter: CursorFilter, text: string): Cursor<K> | undefined {
  if (!/^[\w-]{1,1024}$/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const parsed = CURSORS[kind].safeParse(value.slice(1));
  return parsed.success && encodeCursor(filter, parsed.data) === text ? (parsed.data as Cursor<K>) : undefined;
}

function hashOf(filter: CursorFilter): string {
  const asked = Object.entries(filter).filter(([name, value]) => value !== undefined && !MAY_DIFFER.has(name));
  return hash128(JSON.stringify(asked.sort(([a], [b]) => (a < b ? -1 : 1)))).slice(0, HASH_DIGITS);
}
