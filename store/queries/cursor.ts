/** Where a page of a list ended: the sort key of its last row, opaque to whoever passes it back. */
import { z } from 'zod';
import { Hex32, UnixMs, Count } from '../../schemas/scalars.ts';

/** Newest events first. */
const Newest = z.tuple([z.literal('newest'), UnixMs, Hex32]);
/** A session's events in the order in which they happened. */
const Story = z.tuple([z.literal('story'), UnixMs, Count, Hex32]);
const Alerts = z.tuple([z.literal('alerts'), UnixMs, Hex32]);
const Sessions = z.tuple([z.literal('sessions'), UnixMs, z.string().min(1).max(256)]);

const CURSORS = { newest: Newest, story: Story, alerts: Alerts, sessions: Sessions } as const;
export type CursorKind = keyof typeof CURSORS;
export type Cursor<K extends CursorKind> = z.infer<(typeof CURSORS)[K]>;

export function encodeCursor(cursor: Cursor<CursorKind>): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** @returns undefined for anything that `encodeCursor` did not make for this kind of list */
export function decodeCursor<K extends CursorKind>(kind: K, text: string): Cursor<K> | undefined {
  if (!/^[\w-]{1,1024}$/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = CURSORS[kind].safeParse(value);
  return parsed.success ? (parsed.data as Cursor<K>) : undefined;
}
