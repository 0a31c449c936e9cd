/** Reads one field of a JSON record, given the position of its value (-1 if absent). */
import { idFromHex } from '../ids.ts';
import type { Input } from '../input.ts';
import type { AttributeWalker } from './attributes.ts';
import { JsonCursor } from './scan.ts';
import { peekAttribute, readAttributes, readString, readTime } from './values.ts';
import type { Attributes } from '../../../schemas/otlp/record.ts';

export const NONE: Attributes = [];

export const timeAt = (input: Input, at: number): string | undefined =>
  at < 0 ? undefined : readTime(new JsonCursor(input, at));
export const textAt = (input: Input, at: number): string => (at < 0 ? '' : readString(new JsonCursor(input, at)));
export const idAt = (input: Input, at: number, size: number): string | undefined =>
  at < 0 ? undefined : idFromHex(readString(new JsonCursor(input, at)), size);
export const attributesAt = (walker: AttributeWalker, at: number): Attributes =>
  at < 0 ? NONE : readAttributes(walker, new JsonCursor(walker.input, at));
export const peekAt = (walker: AttributeWalker, at: number, key: string): string | undefined =>
  at < 0 ? undefined : peekAttribute(walker, new JsonCursor(walker.input, at), key);
