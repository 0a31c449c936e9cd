/** The working times of a team: local hours, lunch, weekends, days off. Pure. */
import type { Random } from './random.ts';
import type { Person } from './team.ts';

export interface Shift {
  readonly person: Person;
  readonly startMs: number;
  /** The approximate end of the session, which started before lunch or before the end of the day. */
  readonly endMs: number;
  readonly random: Random;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LUNCH_FROM = 12.25;
const LUNCH_TO = 13.1;
/** Share of working days that are days off. */
const DAYS_OFF = 0.06;
/** Share of weekend days on which somebody works for an hour. */
const WEEKEND = 0.04;

/** Returns all sessions that start from `fromMs` to `untilMs`, earliest first. */
export function shiftsOf(team: readonly Person[], random: Random, fromMs: number, untilMs: number): readonly Shift[] {
  const shifts: Shift[] = [];
  for (const person of team) {
    // Include one more day on both sides of the period, because local days start at other times.
    for (let day = Math.floor(fromMs / DAY_MS) - 1; day <= Math.floor(untilMs / DAY_MS) + 1; day += 1)
      shifts.push(...dayOf(person, day, random.fork(`${person.name}/${day}`)));
  }
  return shifts
    .filter(({ startMs, endMs }) => startMs >= fromMs && endMs <= untilMs)
    .sort((a, b) => a.startMs - b.startMs || (a.person.name < b.person.name ? -1 : 1));
}

/** Returns sessions one after the other: a person has one session at a time. */
function dayOf(person: Person, day: number, random: Random): readonly Shift[] {
  // Day 0 was a Thursday.
  const isWeekend = (day + 3) % 7 >= 5;
  if (random.chance(isWeekend ? 1 - WEEKEND : DAYS_OFF)) return [];
  const midnightMs = localMidnight(day, person.timeZone);
  const wanted = isWeekend ? 1 : Math.max(1, Math.round(random.around(person.sessions, 1.35)));
  const shifts: Shift[] = [];
  let hour = person.startsAt + random.next() * 0.6;
  for (let session = 0; session < wanted && hour < person.endsAt - 0.2; session += 1) {
    const end = Math.min(hour + random.around(0.5, 1.6), hour < LUNCH_FROM ? LUNCH_FROM : person.endsAt);
    if (end - hour > 0.1) {
      shifts.push({
        person,
        startMs: Math.floor(midnightMs + hour * HOUR_MS),
        endMs: Math.floor(midnightMs + end * HOUR_MS),
        random: random.fork(String(session)),
      });
    }
    const free = Math.max(0.1, (person.endsAt - end) / (wanted - session) - 0.4);
    hour = end + 0.05 + random.next() * free;
    if (hour > LUNCH_FROM && hour < LUNCH_TO) hour = LUNCH_TO + random.next() * 0.3;
  }
  return shifts;
}

/** Returns when a calendar day (days since 1970-01-01) starts in a time zone. */
function localMidnight(day: number, timeZone: string): number {
  const utc = day * DAY_MS;
  const guess = utc - offsetMs(utc, timeZone);
  return utc - offsetMs(guess, timeZone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns local time minus UTC. */
export function offsetMs(atMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000;
}
