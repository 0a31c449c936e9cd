/** Half a character is no text: JSON would carry it and ClickHouse would not. No field of any record takes one. */
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { AgentEvent } from './agent-event.ts';
import { Alert } from './alert.ts';
import { Reject } from './reject.ts';

const HALF = 'a\ud83d';

/** Every place within a schema where a free text stands, as a value that has `text` there. */
function textsOf(schema: z.ZodType, text: string): readonly (readonly [path: string, value: unknown])[] {
  if (schema instanceof z.ZodOptional) return textsOf(schema.unwrap() as z.ZodType, text);
  if (schema instanceof z.ZodString) return schema.format === null ? [['', text]] : [];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => textsOf(option as z.ZodType, text));
  if (schema instanceof z.ZodArray)
    return textsOf(schema.element as z.ZodType, text).map(([path, value]) => [`[]${path}`, [value]]);
  if (schema instanceof z.ZodRecord)
    return [
      ['{value}', { key: text }],
      ['{key}', { [text]: 'value' }],
    ];
  return [];
}

/** The fields of a record, and those of the objects within it. */
function fieldsOf(record: z.ZodObject, at = ''): readonly (readonly [string, z.ZodType])[] {
  return Object.entries(record.shape).flatMap(([name, field]) => {
    const schema = field as z.ZodType;
    const inner = schema instanceof z.ZodArray ? (schema.element as z.ZodType) : schema;
    return inner instanceof z.ZodObject ? fieldsOf(inner, `${at}${name}.`) : [[`${at}${name}`, schema] as const];
  });
}

describe.each([
  ['AgentEvent', AgentEvent],
  ['Alert', Alert],
  ['Reject', Reject],
])('%s', (_name, record) => {
  const places = fieldsOf(record).flatMap(([name, schema]) =>
    textsOf(schema, HALF).map(([path, value], index) => ({ place: name + path, schema, value, index })),
  );

  it.each(places)('takes no half character in $place', ({ schema, value, index }) => {
    const issues = schema.safeParse(value).error?.issues ?? [];
    expect(JSON.stringify(issues)).toContain('must be well-formed Unicode');
    const whole = textsOf(schema, 'a😀')[index];
    expect(schema.safeParse(whole?.[1]).success).toBe(true);
  });

  it('has such fields', () => {
    expect(places.length).toBeGreaterThan(1);
  });
});

it('an issue names the key that is wrong', () => {
  const { error } = AgentEvent.shape.attributes.safeParse({ good: 'x', bad: HALF });
  expect(error?.issues.map(({ path }) => path)).toEqual([['bad']]);
  expect(AgentEvent.shape.arguments.safeParse(['', HALF]).error?.issues[0]?.path).toEqual(['1']);
});
