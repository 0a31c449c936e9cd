import { describe, expect, it } from '@jest/globals';
import {
  formatBytes,
  formatCompact,
  formatCost,
  formatDuration,
  formatExact,
  formatNumber,
  formatRarity,
  formatShare,
  formatUnit,
  plural,
  unitOf,
} from './quantity.ts';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1024, '1.0 KiB'],
    [412 * 1024 ** 2, '412 MiB'],
    [-2048, '-2.0 KiB'],
    [2 ** 53, '8.0 PiB'],
  ])('%d bytes are formatted as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [0.4, '0.4 ms'],
    [87, '87 ms'],
    [2_340, '2.3 s'],
    [59_900, '59 s'],
    [60_000, '1 min'],
    [83_000, '1 min 23 s'],
    [3_600_000, '1 h'],
    [26 * 3_600_000 + 60_000, '26 h 1 min'],
    [30 * 86_400_000, '30 d'],
  ])('%d ms are formatted as %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [0, '$0'],
    [0.0042, '$0.0042'],
    [0.00012345, '$0.00012'],
    [0.0000123, '$0.000012'],
    [1e-9, 'under $0.000001'],
    [1.5, '$1.50'],
    [12_345.678, '$12,345.68'],
  ])('%d USD are formatted as %s', (usd, text) => {
    expect(formatCost(usd)).toBe(text);
  });

  it.each([
    [1 / 23_000, '1 in 23,000'],
    [1 / 7, '1 in 7'],
    [0.6, '60 in 100'],
    [0, 'less than 1 in a billion'],
    [1e-12, 'less than 1 in a billion'],
  ])('a probability of %d is formatted as %s', (probability, text) => {
    expect(formatRarity(probability)).toBe(text);
  });

  it('never rounds an incomplete share up to 100 %', () => {
    expect([formatShare(1), formatShare(0.9996), formatShare(0.942), formatShare(0)]).toEqual([
      '100 %',
      '99.9 %',
      '94 %',
      '0 %',
    ]);
  });

  it('formats an exact amount without the digits that adding fractions leaves', () => {
    expect([formatExact(0.1 + 0.2), formatExact(0.0421), formatExact(2 ** 53 - 1)]).toEqual([
      '0.3',
      '0.0421',
      '9007199254740991',
    ]);
  });

  it('shortens only long numbers', () => {
    expect([formatCompact(9_999), formatCompact(18_421), formatCompact(4_100_000)]).toEqual(['9,999', '18.4K', '4.1M']);
    expect([formatNumber(0.123456), formatNumber(23970.91), formatNumber(548.3), formatNumber(1e-9)]).toEqual([
      '0.123',
      '23,971',
      '548',
      '1.00e-9',
    ]);
    expect([plural(1, 'entry', 'entries'), plural(2, 'entry', 'entries')]).toEqual(['1 entry', '2 entries']);
  });

  it.each([
    ['sum(bytesOut)', 'bytes'],
    ['outputBytes', 'bytes'],
    ['max(durationMs)', 'duration'],
    ['sum(costUsd)', 'cost'],
    ['count(bytesOut)', 'plain'],
    ['inputTokens', 'plain'],
  ] as const)('the unit of %s is %s', (feature, unit) => {
    expect(unitOf(feature)).toBe(unit);
  });

  it('formats negative edges of a band', () => {
    expect(formatUnit(-1500, 'duration')).toBe('−1.5 s');
    expect(formatUnit(-1500, 'plain')).toBe('-1,500');
  });
});
