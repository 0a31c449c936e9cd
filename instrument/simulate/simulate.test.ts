import { describe, expect, it } from '@jest/globals';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { SHIPPED_DETECTIONS, loadDetections } from '../../detector/catalogue/load.ts';
import { hash128 } from '../../platform/hash.ts';
import { offsetMs, shiftsOf } from './calendar.ts';
import { INCIDENTS, INCIDENT_KINDS } from './incidents.ts';
import { createRandom } from './random.ts';
import { type SimulationOptions, createSimulation } from './simulate.ts';
import { createTeam } from './team.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const UNTIL = Date.parse('2026-04-20T00:00:00Z'); // the clocks of Europe and America changed in March

async function simulated(options: Partial<SimulationOptions> = {}) {
  const spans: ReadableSpan[] = [];
  const exporter: SpanExporter = {
    export: (batch, done) => {
      spans.push(...batch);
      done({ code: ExportResultCode.SUCCESS });
    },
    shutdown: () => Promise.resolve(),
  };
  const simulation = createSimulation({
    seed: '7',
    users: 3,
    days: 5,
    untilMs: UNTIL,
    incidents: [],
    exporter,
    ...options,
  });
  const { incidents } = await simulation.run();
  const ms = ([seconds, nanos]: ReadableSpan['startTime']): number => seconds * 1_000 + Math.floor(nanos / 1e6);
  const reported = spans.map((span) => ({
    name: span.name,
    ids: span.spanContext(),
    startMs: ms(span.startTime),
    endMs: ms(span.endTime),
    resource: span.resource.attributes,
    attributes: span.attributes,
  }));
  return { reported, incidents };
}

describe('a simulation', () => {
  it('is the same for the same seed, regardless of environment variables', async () => {
    const first = await simulated();
    process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'service.name=other,x=y';
    process.env['OTEL_SDK_DISABLED'] = 'true';
    const second = await simulated();
    delete process.env['OTEL_RESOURCE_ATTRIBUTES'];
    delete process.env['OTEL_SDK_DISABLED'];
    expect(second).toEqual(first);
    expect(first.reported.length).toBeGreaterThan(1_000);
    expect((await simulated({ seed: '8' })).reported).not.toEqual(first.reported);
  });

  it('is within the given time', async () => {
    const { reported } = await simulated();
    // A session that has started is finished, so its last turn may end slightly later.
    for (const { startMs, endMs } of reported) {
      expect(startMs).toBeGreaterThanOrEqual(UNTIL - 5 * DAY_MS);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
    }
    expect(Math.max(...reported.map(({ endMs }) => endMs))).toBeLessThan(UNTIL + 2 * HOUR_MS);
  });

  it('numbers the records of each session, and names a person in each', async () => {
    const { reported } = await simulated();
    const sequences = new Map<unknown, unknown[]>();
    for (const { attributes } of reported) {
      const session = attributes['gen_ai.conversation.id'];
      sequences.set(session, [...(sequences.get(session) ?? []), attributes['vigil.sequence']]);
      expect(attributes['user.email']).toMatch(/@acme\.example$/);
    }
    for (const numbers of sequences.values()) expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('stages the requested incidents, and returns when, by whom and in which session', async () => {
    const { reported, incidents } = await simulated({ days: 10, incidents: ['download-and-run', 'reverse-shell'] });
    expect(incidents.map(({ kind }) => kind)).toEqual(['download-and-run', 'reverse-shell']);
    for (const { sessionId, user, time } of incidents) {
      const bad = reported.filter(({ attributes }) =>
        /sudo bash|dev\/tcp/.test(String(attributes['process.command_line'])),
      );
      const mine = bad.filter(({ attributes }) => attributes['gen_ai.conversation.id'] === sessionId);
      expect(mine.map(({ attributes }) => attributes['user.email'])).toEqual([user]);
      expect(mine[0]?.startMs).toBeGreaterThanOrEqual(Date.parse(time));
    }
  });

  it('fails if there is no room for incidents', () => {
    expect(() =>
      createSimulation({
        seed: '1',
        users: 1,
        days: 1,
        untilMs: UNTIL,
        incidents: INCIDENT_KINDS,
        exporter: { export: () => undefined, shutdown: () => Promise.resolve() },
      }),
    ).toThrow(RangeError);
  });

  it('stops if its requests are not accepted', async () => {
    const exporter: SpanExporter = {
      export: (_, done) => done({ code: ExportResultCode.FAILED, error: new Error('full') }),
      shutdown: () => Promise.resolve(),
    };
    await expect(simulated({ exporter })).rejects.toThrow('full');
  });

  it('names detections that are shipped', async () => {
    const { detections } = await loadDetections([SHIPPED_DETECTIONS], { hash128 });
    const known = new Set(detections.map(({ detection }) => detection.id));
    for (const kind of INCIDENT_KINDS) expect(INCIDENTS[kind].detections.filter((id) => !known.has(id))).toEqual([]);
  });
});

describe('the people of a team', () => {
  const random = createRandom('calendar');
  const team = createTeam(random, 12);
  const shifts = shiftsOf(team, random, UNTIL - 60 * DAY_MS, UNTIL);
  const localHour = (ms: number, timeZone: string): number => ((ms + offsetMs(ms, timeZone)) / HOUR_MS) % 24;
  const isWeekend = (ms: number, timeZone: string): boolean =>
    [0, 6].includes(new Date(ms + offsetMs(ms, timeZone)).getUTCDay());

  it('work in their own hours, also when the clocks change, and not during lunch', () => {
    expect(new Set(team.map(({ timeZone }) => timeZone)).size).toBeGreaterThan(2);
    for (const { person, startMs } of shifts) {
      const hour = localHour(startMs, person.timeZone);
      expect(hour).toBeGreaterThanOrEqual(8.5 - 1e-6);
      expect(hour).toBeLessThan(person.endsAt);
      expect(hour > 12.25 && hour < 13.1 - 1e-6).toBe(false);
    }
  });

  it('mostly rest at weekends', () => {
    const atWeekends = shifts.filter(({ person, startMs }) => isWeekend(startMs, person.timeZone)).length;
    expect(atWeekends).toBeGreaterThan(0);
    expect(atWeekends / shifts.length).toBeLessThan(0.03);
  });

  it('have one session at a time', () => {
    for (const person of team) {
      const own = shifts.filter((shift) => shift.person === person);
      own.slice(1).forEach(({ startMs }, index) => expect(startMs).toBeGreaterThan(own[index]?.endMs ?? Infinity));
    }
  });
});
