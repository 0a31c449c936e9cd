/** Formats instants for people, with the zone. Pure: the zone and the current time are parameters. */

/** `utc`, or an IANA name such as `Europe/Berlin`. */
export type Zone = string;
export const UTC: Zone = 'UTC';

const formats = new Map<string, Intl.DateTimeFormat>();
function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let known = formats.get(key);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options });
    formats.set(key, known);
  }
  return known;
}

function parts(at: number, zone: Zone): Record<string, string> {
  const all = format(zone, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  }).formatToParts(at);
  return Object.fromEntries(all.map(({ type, value }) => [type, value]));
}

/** Formats `2026-03-14`. */
export function formatDay(at: number, zone: Zone): string {
  const p = parts(at, zone);
  return `${p['year'] ?? ''}-${p['month'] ?? ''}-${p['day'] ?? ''}`;
}

/** Formats `09:26:53`, or `09:26:53.589` if milliseconds are requested. */
export function formatClock(at: number, zone: Zone, precision: 'minute' | 'second' | 'millisecond' = 'second'): string {
  const p = parts(at, zone);
  const minutes = `${p['hour'] ?? ''}:${p['minute'] ?? ''}`;
  if (precision === 'minute') return minutes;
  const seconds = `${minutes}:${p['second'] ?? ''}`;
  return precision === 'second' ? seconds : `${seconds}.${p['fractionalSecond'] ?? '000'}`;
}

/** Formats `UTC` or `UTC+02:00`: the offset that applies at that instant, since it changes with the season. */
export function offsetOf(at: number, zone: Zone): string {
  const named = format(zone, { timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value;
  // Engines differ in how they name the offset of UTC itself.
  return (named ?? 'GMT').replace('GMT', 'UTC').replace(/[+-]00:00$/, '');
}

/** Formats `2026-03-14 09:26:53.589 UTC+01:00`, or to the second if the milliseconds are not needed. */
export const formatInstant = (at: number, zone: Zone, precision: 'second' | 'millisecond' = 'millisecond'): string =>
  `${formatDay(at, zone)} ${formatClock(at, zone, precision)} ${offsetOf(at, zone)}`;

/** Shows an instant on hover in the viewer's zone and in UTC. */
export function instantTitle(at: number, zone: Zone): string {
  const own = formatInstant(at, zone);
  const utc = formatInstant(at, UTC);
  return own === utc ? own : `${own}\n${utc}`;
}

/** Formats today's instants as a clock time and others with their day: `09:26`, `14 Mar 09:26`, `2024-03-14 09:26`. */
export function formatBrief(at: number, zone: Zone, now: number): string {
  const clock = formatClock(at, zone, 'minute');
  const day = formatDay(at, zone);
  const today = formatDay(now, zone);
  if (day === today) return clock;
  if (day.slice(0, 4) !== today.slice(0, 4)) return `${day} ${clock}`;
  const dayMonth = format(zone, { day: 'numeric', month: 'short' }).format(at);
  return `${dayMonth} ${clock}`;
}

/** Formats `just now`, `4 min ago`, `3 h ago`, `12 d ago`; a time ahead of the clock is `in 4 min`. */
export function formatAgo(at: number, now: number): string {
  const ms = now - at;
  const size = Math.abs(ms);
  if (size < 60_000) return 'just now';
  const text =
    size < 3_600_000
      ? `${Math.floor(size / 60_000)} min`
      : size < 172_800_000
        ? `${Math.floor(size / 3_600_000)} h`
        : `${Math.floor(size / 86_400_000)} d`;
  return ms < 0 ? `in ${text}` : `${text} ago`;
}
