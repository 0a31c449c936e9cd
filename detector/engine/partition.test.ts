import { describe, expect, it } from '@jest/globals';
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { RULES, RULE_FILES, TOOLS, eventOf } from '../test-support/arbitrary.ts';
import { versioned } from '../test-support/versioned.ts';
import { EVIDENCE } from './open-alert.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Partition } from './partition.ts';
import { armRuleSet } from './rule-set.ts';

const START = Date.UTC(2026, 2, 2, 9);
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const set = armRuleSet(RULES, TOOLS);

function partition(limits: Partial<Limits> = {}, rules = set) {
  return new Partition({ ...TOOLS, limits: { ...LIMITS, ...limits }, ruleSetOf: () => rules }, rules.hash);
}

let ordinal = 0;
/** `what` 0 to 3 are commands (2 is `sudo`), 4 is network, 7 is a file. */
function event(what: number, time: number, change: Partial<AgentEvent> = {}): AgentEvent {
  ordinal += 1;
  const known = { eventId: TOOLS.hash128(`partition ${ordinal}`), actor: 'test/user:0', sessionId: 'session-0', time };
  return { ...eventOf(what, 5, known), ...change };
}
const one = (event: AgentEvent) => ({ kind: 'events', events: [event] }) as const;
const stored = (from: Partition) =>
  from.changes().flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const]));

describe('alerts of a partition', () => {
  it('are published each time at first, then whenever they have doubled, and half a minute after the first unpublished finding', () => {
    const folded = partition();
    const counts = Array.from({ length: 500 }, (_, n) => folded.fold(one(event(2, START + n * SECOND_MS))))
      .flat()
      .map(({ count }) => count);
    expect(counts).toEqual([...Array.from({ length: 20 }, (_, n) => n + 1), 40, 80, 160, 320]);
    // The 321st finding was at second 320.
    expect(folded.fold({ kind: 'tick', time: START + 349_998 })).toEqual([]);
    expect(folded.wantsTick(START + 349_999)).toBe(false);
    expect(folded.wantsTick(START + 350_000)).toBe(true);
    const [last, ...rest] = folded.fold({ kind: 'tick', time: START + 350_000 });
    expect(rest).toEqual([]);
    expect(last).toMatchObject({
      count: 500,
      revision: 500,
      state: 'amended',
      firstSeen: START,
      lastSeen: START + 499 * SECOND_MS,
    });
    expect(last?.evidence).toHaveLength(EVIDENCE);
    expect(folded.fold({ kind: 'tick', time: START + DAY_MS })).toEqual([]);
  });

  it("are not published again, not even by a tick, once their tenant is forgotten; other tenants' alerts are", () => {
    const folded = partition();
    const burst = (tenant: string): void => {
      for (let n = 0; n < 50; n += 1) folded.fold(one(event(2, START + n * SECOND_MS, { tenant })));
    };
    burst('demo');
    burst('demo-2');
    expect(folded.fold({ kind: 'forget', tenant: 'demo' })).toEqual([]);
    const published = folded.fold({ kind: 'tick', time: START + DAY_MS });
    expect(published.map(({ tenant }) => tenant)).toEqual(['demo-2']);
    const left = stored(folded).filter(([, value]) => value.includes('"demo"'));
    expect(left).toEqual([]);
    // Later events are judged as if they were the first.
    expect(folded.fold(one(event(2, START, { tenant: 'demo' })))).toMatchObject([{ tenant: 'demo', count: 1 }]);
  });

  it('have ids that depend only on tenant, detection, entity, group and time', () => {
    const idOf = (change: Partial<AgentEvent>, time = START) =>
      partition().fold(one(event(2, time, change)))[0]?.alertId;
    const id = idOf({});
    expect(idOf({ host: 'elsewhere', callId: 'other', outcome: 'failure' }, START + 60_000)).toBe(id);
    const others = [
      idOf({ tenant: 'other' }),
      idOf({ actor: 'test/user:1' }),
      idOf({ sessionId: 'session-1' }),
      idOf({ commandLine: 'sudo id' }),
      idOf({}, START + 6 * 3_600_000),
    ];
    expect(new Set([id, ...others]).size).toBe(6);
  });

  it('list their evidence earliest first, regardless of arrival order', () => {
    const folded = partition();
    const times = [5, 1, 3, 2, 4].map((n) => START + n * SECOND_MS);
    const events = times.map((time, n) => event(2, time, { callId: `call-${n}` }));
    const alerts = events.flatMap((found) => folded.fold(one(found)));
    expect(alerts.at(-1)?.evidence.map(({ callId }) => callId)).toEqual([
      'call-1',
      'call-3',
      'call-2',
      'call-4',
      'call-0',
    ]);
  });
});

describe('the state of a partition', () => {
  it('drops old ids, and still knows the latest after it is read back', () => {
    const events = Array.from({ length: 1500 }, (_, n) => event(0, START + n));
    const folded = partition();
    for (const each of events) folded.fold(one(each));
    const again = (from: Partition, n: number): number => {
      const [known = event(0, 0)] = events.slice(n);
      from.takeCounts();
      from.fold(one(known));
      return from.takeCounts().repeatedEvents;
    };
    const restored = new Partition({ ...TOOLS, ruleSetOf: () => set }, set.hash, stored(folded));
    for (const from of [folded, restored]) {
      expect(again(from, -1)).toBe(1);
      expect(again(from, -700)).toBe(1);
      expect(again(from, 0)).toBe(0);
    }
  });

  it('evicts the states of one actor that were touched longest ago, and counts them', () => {
    const folded = partition({ memoriesPerActor: 16 });
    for (let session = 0; session < 40; session += 1)
      folded.fold(one(event(7, START + session * SECOND_MS, { sessionId: `session-${session}` })));
    expect(folded.items).toBeLessThanOrEqual(1 + 16);
    expect(folded.takeCounts().evicted).toBeGreaterThan(20);
    const kept = stored(folded)
      .map(([key]) => key)
      .filter((key) => key.startsWith('["m"'));
    expect(kept.some((key) => key.includes('session-39'))).toBe(true);
    expect(kept.some((key) => key.includes('session-1"'))).toBe(false);
  });

  it('continues the revisions of an evicted alert, also after it is read back', () => {
    const sessions = Array.from({ length: 40 }, (_, n) => `session-${n}`);
    const round = (from: Partition, n: number) =>
      sessions.flatMap((sessionId, at) => from.fold(one(event(2, START + n * 60_000 + at, { sessionId }))));
    const folded = partition({ alertsPerActor: 8 });
    round(folded, 0);
    const restored = new Partition(
      { ...TOOLS, limits: { ...LIMITS, alertsPerActor: 8 }, ruleSetOf: () => set },
      set.hash,
      stored(folded),
    );
    expect(restored.items).toBe(folded.items);
    const second = round(folded, 1);
    expect(second.map(({ state, revision, count, firstSeen }) => [state, revision, count, firstSeen])).toEqual(
      sessions.map((_, at) => ['amended', 2, 2, START + at]),
    );
    expect(new Set(second.map(({ alertId }) => alertId)).size).toBe(40);
    expect(round(restored, 1).map(({ alertId, revision }) => [alertId, revision])).toEqual(
      second.map(({ alertId, revision }) => [alertId, revision]),
    );
    // The faded alerts expire in the end.
    folded.fold({ kind: 'tick', time: START + 400 * DAY_MS });
    expect(folded.items).toBe(0);
  });

  it('publishes the latest findings of an alert before evicting it', () => {
    const folded = partition({ alertsPerActor: 8 });
    for (let n = 0; n < 30; n += 1) folded.fold(one(event(2, START + n)));
    const others = Array.from({ length: 12 }, (_, n) =>
      folded.fold(one(event(2, START + DAY_MS + n, { sessionId: `s-${n}` }))),
    );
    expect(others.flat()).toContainEqual(expect.objectContaining({ count: 30 }));
  });

  it('evicts the actors that were quiet longest, but not the one that is sending', () => {
    const folded = partition({ itemsPerPartition: 40 });
    for (let actor = 0; actor < 60; actor += 1)
      folded.fold(one(event(2, START + actor * SECOND_MS, { actor: `test/user:${actor}` })));
    expect(folded.items).toBeLessThanOrEqual(40);
    const actors = stored(folded)
      .map(([key]) => key)
      .filter((key) => key.startsWith('["a"'));
    expect(actors).toContain('["a","acme/test/user:59"]');
    expect(actors).not.toContain('["a","acme/test/user:0"]');
    expect(folded.takeCounts().evicted).toBeGreaterThan(20);
  });

  it('keeps a bounded number of spools, the ones seen last', () => {
    const folded = partition({ spoolsPerPartition: 8 });
    const from = (spool: string, time: number) =>
      folded.fold({ kind: 'events', origin: { spool, sequence: 1 }, events: [event(0, time)] });
    for (let n = 0; n < 20; n += 1) from(`spool-${n}`, START + n * SECOND_MS);
    folded.takeCounts();
    from('spool-19', START);
    expect(folded.takeCounts().repeatedMessages).toBe(1);
    expect(JSON.stringify(stored(folded))).not.toContain('spool-0\\"');
  });

  it('drops on ticks only what has been idle for very long, and leaves nothing behind', () => {
    const folded = partition();
    folded.fold(one(event(7, START)));
    folded.fold(one(event(2, START)));
    folded.settle();
    folded.fold({ kind: 'tick', time: START + 6 * DAY_MS });
    expect(folded.takeCounts().expired).toBe(0);
    folded.fold({ kind: 'tick', time: START + 400 * DAY_MS });
    expect(folded.items).toBe(0);
    expect(
      folded
        .changes()
        .filter(({ value }) => value !== undefined)
        .map(({ key }) => key),
    ).toEqual(['["p"]']);
    expect(folded.wantsTick(START + 401 * DAY_MS)).toBe(false);
  });

  it('starts with a new state when the meaning of its rule has changed', () => {
    const changed = armRuleSet([versioned({ ...RULE_FILES.files, window: '20m' }, TOOLS)], TOOLS);
    const before = armRuleSet([versioned(RULE_FILES.files, TOOLS)], TOOLS);
    const retitled = armRuleSet([versioned({ ...RULE_FILES.files, title: 'Otherwise the same' }, TOOLS)], TOOLS);
    expect(changed.rules[0]?.stateKey).not.toBe(before.rules[0]?.stateKey);
    expect(retitled.rules[0]?.stateKey).toBe(before.rules[0]?.stateKey);
    expect(retitled.hash).not.toBe(before.hash);
  });
});

describe('a rule that fails', () => {
  it('is counted, and the other rules still run', () => {
    const [sudo] = set.rules.filter(({ rule }) => rule.id === 'sudo-used');
    if (sudo === undefined) throw new Error('no rule');
    const step = (): never => {
      throw new TypeError('a defect');
    };
    const broken = { ...sudo, rule: { ...sudo.rule, id: 'aaa' }, judge: { ...sudo.judge, step } };
    const both = { ...set, candidates: () => [broken, sudo] };
    const folded = partition({}, both);
    expect(folded.fold(one(event(2, START)))).toHaveLength(1);
    const { failures } = folded.takeCounts();
    expect(failures.map(({ ruleId }) => ruleId)).toEqual(['aaa']);
    expect(failures[0]?.reason).toContain('a defect');
  });

  it('is left out of its set, by name, when this version cannot use it', () => {
    const unusable = armRuleSet([...RULES, { version: 'x', content: { kind: 'sequence' } }], TOOLS);
    expect(unusable.rules).toHaveLength(RULES.length);
    expect(unusable.broken).toMatchObject([{ version: 'x' }]);
    expect(set.broken).toEqual([]);
  });

  it('is never evaluated when it is deprecated', () => {
    const deprecated = armRuleSet([versioned({ ...RULE_FILES.sudo, status: 'deprecated' }, TOOLS)], TOOLS);
    expect(partition({}, deprecated).fold(one(event(2, START)))).toEqual([]);
  });
});
