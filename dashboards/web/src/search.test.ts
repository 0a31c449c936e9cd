import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alertsSearch, instantsOf, parseSearch, rootSearch, sessionSearch, stringifySearch } from './search.ts';

describe('the address', () => {
  it('is read and written as plain text', () => {
    const search = { tenant: '007', severity: ['critical', 'high'], entity: 'local/user:a&b=c', alert: undefined };
    const text = stringifySearch(search);
    expect(text).toBe('?tenant=007&severity=critical,high&entity=local%2Fuser:a%26b%3Dc');
    expect(rootSearch(parseSearch(text))).toEqual({ tenant: '007' });
    expect(alertsSearch(parseSearch(text))).toEqual({ severity: ['critical', 'high'], entity: 'local/user:a&b=c' });
    expect(stringifySearch({})).toBe('');
  });

  it.each([
    { raw: { severity: 'high,nonsense,critical' }, search: { severity: ['critical', 'high'] } },
    { raw: { severity: 'nonsense' }, search: {} },
    { raw: { severity: 'critical,high,medium,low,informational' }, search: {} },
    {
      raw: { range: '24h', from: 'yesterday', to: '2026-03-14T00:00:00+01:00' },
      search: { range: '24h', to: '2026-03-14T00:00:00+01:00' },
    },
    { raw: { range: 'constructor' }, search: {} },
    { raw: { alert: 'x'.repeat(65), entity: '' }, search: {} },
    { raw: { alert: ['a'], entity: { toString: 1 } }, search: {} },
  ])('keeps only known parameters of $raw', ({ raw, search }) => {
    expect(alertsSearch(raw)).toEqual(search);
    // Merged over the address as typed, no other parameter remains.
    expect({ ...raw, ...alertsSearch(raw) }).toEqual(search);
  });

  it('reads what it has written', () => {
    const aSearch = fc.record(
      {
        event: fc.string({ minLength: 1, maxLength: 64 }).filter((text) => text.isWellFormed()),
        show: fc.subarray(['prompt', 'command', 'file'] as const, { minLength: 1 }),
        only: fc.constantFrom('stops' as const, 'failures' as const),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(aSearch, (search) => {
        expect(sessionSearch(parseSearch(stringifySearch(search)))).toEqual(search);
      }),
    );
  });

  it('converts ranges to instants, and prefers a fixed range to a moving one', () => {
    expect(instantsOf({ range: '1h' }, 10_000_000)).toEqual({ from: 6_400_000 });
    expect(instantsOf({ range: '1h', to: '1970-01-01T00:00:01Z' }, 10_000_000)).toEqual({ to: 1_000 });
    expect(instantsOf({}, 1)).toEqual({});
  });
});
