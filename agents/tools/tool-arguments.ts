/** A tool call's arguments: JSON text or a structure. Only the length of content (file texts, patches, prompts) is kept. */
import { anyValueToText } from '../../schemas/otlp/attributes.ts';
import type { AnyValue, Attributes } from '../../schemas/otlp/record.ts';

/** Arguments whose text goes into files or to models. */
const CONTENT = new Set([
  'content',
  'contents',
  'file_text',
  'old_string',
  'new_string',
  'old_str',
  'new_str',
  'insert_text',
  'new_source',
  'patch',
  'diff',
  'edits',
  'prompt',
  'oldString',
  'newString',
  'patchText',
  'todos',
]);

/** A member that nests deeper is replaced, because later code may walk it recursively. */
const MAX_JSON_DEPTH = 32;
const TOO_DEEP = '[nested too deep]';

/** The members of an argument object; undefined if the value is not an object (a patch, a script, broken JSON). */
export function parseArguments(value: AnyValue | undefined): Attributes | undefined {
  let parsed: unknown = value;
  if (typeof value === 'string') {
    if (!/^\s{0,64}\{/.test(value)) return undefined;
    try {
      parsed = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  // JSON values are AnyValues: numbers, texts, booleans, null, arrays and objects of them.
  return Object.entries(parsed as Readonly<Record<string, AnyValue>>).map(([name, member]) => [
    name,
    nestsDeeper(member, MAX_JSON_DEPTH) ? TOO_DEEP : member,
  ]);
}

function nestsDeeper(value: AnyValue, max: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (max === 0) return true;
  return Object.values(value as Readonly<Record<string, AnyValue>>).some((member) => nestsDeeper(member, max - 1));
}

/**
 * The kept part of arguments, under `<prefix>.<name>`.
 *
 * @param taken names that became fields of the event
 * @param content more names whose text is not kept
 */
export function keptArguments(
  prefix: string,
  args: Attributes,
  taken: ReadonlySet<string>,
  content: ReadonlySet<string> = CONTENT,
): (readonly [string, AnyValue])[] {
  const kept: (readonly [string, AnyValue])[] = [];
  for (const [name, value] of args) {
    if (value === null || taken.has(name)) continue;
    if (CONTENT.has(name) || content.has(name)) kept.push([`${prefix}.${name}.length`, contentLength(value)]);
    else kept.push([`${prefix}.${name}`, value]);
  }
  return kept;
}

const CUT_SUFFIX = /^…\[([0-9]{1,15}) chars\]$/;
const CUT_AT = 128;

/** Claude Code writes a long value as its first 128 characters and `…[5931 chars]`: the length of the whole, or undefined. */
export function lengthBeforeCut(text: string): number | undefined {
  const match = text.length > CUT_AT + 32 ? null : CUT_SUFFIX.exec(text.slice(CUT_AT));
  return match === null ? undefined : Number(match[1]);
}

function contentLength(value: AnyValue): number {
  if (typeof value !== 'string') return anyValueToText(value)?.length ?? 0;
  return lengthBeforeCut(value) ?? value.length;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length) {
      bytes += 4; // a pair: its second half is not counted again
      i++;
    } else bytes += 3;
  }
  return bytes;
}
