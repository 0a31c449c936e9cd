import { describe, expect, it } from '@jest/globals';
import { LINEAR, growth } from '../../test/support/growth.ts';
import type { Attributes, Resource } from '../../schemas/otlp/record.ts';
import { RecordFields } from './record-fields.ts';

const many = (length: number, name: (n: number) => string): Attributes =>
  Array.from({ length }, (_, n) => [name(n), n] as const);
const resourceOf = (attributes: Attributes): Resource => ({ attributes, bytes: new Uint8Array() });

describe('a record with very many attributes', () => {
  it('is cut and marked', () => {
    const fields = new RecordFields(
      many(2_000, (n) => `a${n}`),
      resourceOf(many(1_000, (n) => `r${n}`)),
    );
    const rest = fields.rest();
    expect(rest).toMatchObject({
      a0: '0',
      'vigil.cut.record_attributes': '976',
      'vigil.cut.resource_attributes': '872',
    });
    expect(Object.keys(rest).length).toBeLessThan(520);
    expect(Number(rest['vigil.cut.attributes'])).toBeGreaterThan(500);
  });

  it('costs the same for repeated keys as for others', () => {
    const repeated = (size: number): void =>
      void new RecordFields(
        many(size, () => 'k'),
        resourceOf([]),
      ).rest();
    expect(growth(repeated, 100)).toBeLessThan(LINEAR);
    expect(
      new RecordFields(
        many(3, () => 'k'),
        resourceOf([]),
      ).rest(),
    ).toEqual({ k: '0', 'k#2': '1', 'k#3': '2' });
  });

  it('costs each record of a resource the same, regardless of the number of resource attributes', () => {
    const records = (size: number): void => {
      const resource = resourceOf(many(size, (n) => `r${n}`));
      for (let n = 0; n < 20; n += 1) new RecordFields([], resource).rest();
    };
    // Attributes beyond the first 1,000 cause no more work.
    expect(growth(records, 1_000)).toBeLessThan(2);
  });
});
