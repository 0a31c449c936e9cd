import { describe, expect, it } from '@jest/globals';
import { UTC, formatAgo, formatBrief, formatClock, formatInstant, instantTitle, offsetOf } from './time.ts';

const WINTER = Date.parse('2026-01-14T23:26:53.589Z');
const SUMMER = Date.parse('2026-07-14T23:26:53.589Z');
const BERLIN = 'Europe/Berlin';

describe('instants', () => {
  it('name the offset that applies at that instant', () => {
    expect(formatInstant(WINTER, UTC)).toBe('2026-01-14 23:26:53.589 UTC');
    expect(formatInstant(WINTER, BERLIN)).toBe('2026-01-15 00:26:53.589 UTC+01:00');
    expect(formatInstant(SUMMER, BERLIN)).toBe('2026-07-15 01:26:53.589 UTC+02:00');
    expect(offsetOf(WINTER, 'Asia/Kolkata')).toBe('UTC+05:30');
    expect(formatInstant(WINTER, UTC, 'second')).toBe('2026-01-14 23:26:53 UTC');
  });
  it('show both zones on hover, or one if they are the same', () => {
    expect(instantTitle(WINTER, BERLIN)).toBe('2026-01-15 00:26:53.589 UTC+01:00\n2026-01-14 23:26:53.589 UTC');
    expect(instantTitle(WINTER, UTC)).toBe('2026-01-14 23:26:53.589 UTC');
  });
  it('show midnight as 00', () => {
    expect(formatClock(Date.parse('2026-01-14T00:05:00Z'), UTC, 'minute')).toBe('00:05');
  });
  it('show the day only if it is not today, and the year only if it is not this one', () => {
    expect(formatBrief(WINTER, UTC, WINTER + 1000)).toBe('23:26');
    expect(formatBrief(WINTER, BERLIN, WINTER + 1000)).toBe('00:26');
    expect(formatBrief(WINTER, UTC, SUMMER)).toBe('14 Jan 23:26');
    expect(formatBrief(WINTER, UTC, Date.parse('2027-01-01T00:00:00Z'))).toBe('2026-01-14 23:26');
  });
  it.each([
    [30_000, 'just now'],
    [6 * 60_000, '6 min ago'],
    [26 * 3_600_000, '26 h ago'],
    [5 * 86_400_000, '5 d ago'],
    [-6 * 60_000, 'in 6 min'],
  ])('%d ms later is shown as %s', (ms, text) => {
    expect(formatAgo(WINTER, WINTER + ms)).toBe(text);
  });
  it('accept the last instant that the records can contain', () => {
    expect(formatInstant(10_413_791_999_999, UTC)).toBe('2299-12-31 23:59:59.999 UTC');
  });
});
