/**
 * Fires when an entity uses a value (a host, a program, an MCP server) that it has not been seen with before.
 *
 * During the first `warmUp` of an entity, values are only learnt. A new value is learnt immediately, so it is reported
 * once. It is forgotten when it has not been seen for `forget`, or when too many newer values arrived.
 */
import type { FirstSeenRule } from '../model/detection.ts';
import { type Subject, entityOf } from '../model/subject.ts';
import { DAY_MS } from '../model/literals.ts';
import { isKnownField } from '../sigma/fields.ts';
import { SigmaError } from '../sigma/sigma-error.ts';
import type { Finding, Kind } from '../model/kind.ts';
import { selectionTest } from './selection.ts';

export interface FirstSeenState {
  /** Number of events learnt from; no longer counted once the warm-up is over. */
  readonly events: number;
  /** Earliest event time. */
  readonly since: number;
  /** Hash of each value, and approximately the hour (since the epoch) in which it was last seen. */
  readonly values: Readonly<Record<string, number>>;
  /** The values learnt last, newest last, for the explanation. */
  readonly recent: readonly string[];
}

const VALUES = 1024;
/** Space freed in one go when there are too many values, so that a flood of values does not sort them each time. */
const ROOM = VALUES / 8;
const RECENT = 8;
const RECENT_LENGTH = 120;
const VALUE_LENGTH = 2048;
/** Limit for the values of one event: a shell line can contain many commands. */
const PER_EVENT = 32;
/** 80 bits of the hash: an attacker cannot construct a value that looks like a known one. */
const HASH_DIGITS = 20;
const HOUR_MS = 3_600_000;
const SESSION_IDLE_MS = 7 * DAY_MS;

const EMPTY: FirstSeenState = { events: 0, since: 0, values: {}, recent: [] };

export const firstSeen: Kind<'first-seen', FirstSeenState> = {
  name: 'first-seen',
  judge: (rule, { hash128 }) => {
    const selected = selectionTest(rule.where);
    const valuesOf = valueReader(rule.value);
    const forgetHours = rule.forget / HOUR_MS;
    /** The time of a known value is only updated when it has become this much older. */
    const refreshHours = forgetHours / 32;
    return {
      group: rule.group ?? { by: [rule.per, 'value'], for: DAY_MS },
      parts: selected.parts,
      entityOf: (subject) => {
        const entity = entityOf(subject.event, rule.per);
        return entity !== undefined && selected.holds(subject) && valuesOf(subject).length > 0 ? entity : undefined;
      },
      state: {
        meaning: JSON.stringify([rule.value, rule.where ?? null, rule.per]),
        idleMs: rule.per === 'session' ? SESSION_IDLE_MS : rule.forget,
        initial: () => EMPTY,
      },
      step: (before, subject) => {
        const { time } = subject.event;
        const hour = Math.floor(time / HOUR_MS);
        const settled = isSettled(rule, before, time);
        let values = before.values;
        let recent = before.recent;
        const news: string[] = [];
        for (const value of valuesOf(subject)) {
          const hash = hash128(value).slice(0, HASH_DIGITS);
          const lastSeen = values[hash];
          if (lastSeen !== undefined && hour - lastSeen <= forgetHours) {
            if (hour - lastSeen > refreshHours) values = { ...values, [hash]: hour };
            continue;
          }
          news.push(value);
          values = withRoom({ ...values, [hash]: hour });
          recent = [...recent, short(value)].slice(-RECENT);
        }
        const counting = before.events < rule.warmUp.events || before.events === 0;
        const since = before.events === 0 ? time : Math.min(before.since, time);
        if (!counting && values === before.values && since === before.since) return { state: before };
        const state = { events: before.events + (counting ? 1 : 0), since, values, recent };
        const [first] = news;
        return first === undefined || !settled
          ? { state }
          : { state, finding: findingOf(rule, { ...before, since }, subject, [first, ...news.slice(1)]) };
      },
    };
  },
};

function isSettled({ warmUp }: FirstSeenRule, { events, since }: FirstSeenState, time: number): boolean {
  return events >= warmUp.events && time - (events === 0 ? time : since) >= warmUp.days * DAY_MS;
}

/**
 * Drops the values that have not been seen for longest. Ties are ordered by hash, so that every replay drops the same
 * ones.
 */
function withRoom(values: Record<string, number>): Record<string, number> {
  const entries = Object.entries(values);
  if (entries.length <= VALUES) return values;
  return Object.fromEntries(entries.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)).slice(ROOM));
}

function findingOf(
  rule: FirstSeenRule,
  before: FirstSeenState,
  { event }: Subject,
  news: readonly [string, ...string[]],
): Finding {
  const known = Object.keys(before.values).length;
  const since = new Date(before.since).toISOString().slice(0, 10);
  const [first, ...others] = news;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return {
    excess: 0,
    value: first,
    summary: `${rule.title}: ${short(first)}${more}, not among the ${known} seen since ${since}`,
    explanation: {
      feature: `first ${rule.value}`.slice(0, 256),
      observed: first.slice(0, VALUE_LENGTH).toWellFormed(),
      expectation: `One of the ${known} values seen of this ${rule.per} since ${since}, a value unseen for ${rule.forget / DAY_MS} days counting as new.`,
      samples: known,
      level: 'entity',
      window: { from: Math.min(before.since, event.time), to: event.time },
      contributions: [
        ...others.map((value) => ({ name: 'also new', value: short(value) })),
        ...(before.recent.length > 0 ? [{ name: 'seen before, latest', value: before.recent.join(', ') }] : []),
      ],
    },
  };
}

function short(value: string): string {
  return (value.length > RECENT_LENGTH ? `${value.slice(0, RECENT_LENGTH - 1)}…` : value).toWellFormed();
}

/**
 * Reads a field (all its values, over all commands of a line) or fills in a template (once per command; a field with
 * several values uses its first). An event without one of the template's fields has no value.
 *
 * @throws SigmaError for a field that does not exist
 */
function valueReader(value: string): (subject: Subject) => readonly string[] {
  const parts = value.split(/\{([^{}]*)\}/);
  const single =
    parts.length === 1 ? value : parts.length === 3 && parts[0] === '' && parts[2] === '' ? parts[1] : undefined;
  const fields = single === undefined ? parts.filter((_, index) => index % 2 === 1) : [single];
  for (const field of fields) if (!isKnownField(field)) throw new SigmaError('value', `there is no field ${field}`);
  const read = ({ views }: Subject): readonly string[] => {
    const found = new Set<string>();
    for (const view of views) {
      if (single !== undefined)
        for (const item of view.field(single) ?? []) found.add(String(item).slice(0, VALUE_LENGTH));
      else {
        const filled = parts.map((part, index) => (index % 2 === 0 ? part : view.field(part)?.[0]));
        if (!filled.includes(undefined)) found.add(filled.join('').slice(0, VALUE_LENGTH));
      }
      if (found.size >= PER_EVENT) break;
    }
    found.delete('');
    return [...found].slice(0, PER_EVENT);
  };
  let lastSubject: Subject | undefined;
  let last: readonly string[] = [];
  return (subject) => {
    if (subject !== lastSubject) [lastSubject, last] = [subject, read(subject)];
    return last;
  };
}
