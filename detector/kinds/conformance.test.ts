/** What every kind of detection must do. A new kind is checked once it is in the registry and has a rule here. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Rule } from '../model/detection.ts';
import { armRuleSet } from '../engine/rule-set.ts';
import { subjectOf } from '../model/subject.ts';
import { RULES, RULE_FILES, TOOLS, requests } from '../test-support/arbitrary.ts';
import { KINDS, judgeOf } from './index.ts';
import { runs } from '../../test/support/runs.ts';

const armed = armRuleSet(RULES, TOOLS);

/** Folds the events with one judge, with state per entity; `between` sees each state before it is used again. */
function run(rule: Rule, events: readonly Parameters<typeof subjectOf>[0][], between: (state: unknown) => unknown) {
  const judge = judgeOf(rule, TOOLS);
  const states = new Map<string, unknown>();
  const said: unknown[] = [];
  for (const event of events) {
    const subject = subjectOf(event);
    const entity = judge.entityOf(subject);
    if (entity === undefined) continue;
    const before = states.get(entity.id) ?? judge.state?.initial();
    const { state, finding, late } = judge.step(between(before), subject, entity);
    states.set(entity.id, state);
    said.push([entity, finding ?? null, late ?? false]);
  }
  return JSON.stringify([said, [...states]]);
}

function frozen<V>(value: V): V {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

const copied = (state: unknown): unknown => (state === undefined ? undefined : JSON.parse(JSON.stringify(state)));

describe('every kind', () => {
  it('has a rule for these tests', () => {
    const tested = new Set<string>(Object.values(RULE_FILES).map(({ kind }) => kind));
    expect([...tested].sort()).toEqual(Object.keys(KINDS).sort());
    expect(armed.broken).toEqual([]);
    for (const [name, kind] of Object.entries(KINDS)) expect(kind.name).toBe(name);
  });

  describe.each(Object.values(RULE_FILES).map((file) => ({ kind: file.kind, id: file.id, rule: Rule.parse(file) })))(
    '$kind ($id)',
    ({ rule }) => {
      it('is deterministic, survives a JSON round trip of its state, and does not modify its inputs', () => {
        fc.assert(
          fc.property(requests, (sent) => {
            const events = sent.flat();
            const once = run(rule, events, (state) => state);
            expect(run(rule, events, copied)).toBe(once);
            expect(
              run(
                rule,
                events.map((event) => frozen(structuredClone(event))),
                frozen,
              ),
            ).toBe(once);
          }),
          runs(4),
        );
      });

      it('keeps its state far below the size limit of a message', () => {
        fc.assert(
          fc.property(requests, (sent) => {
            let largest = 0;
            run(rule, sent.flat(), (state) => {
              largest = Math.max(largest, JSON.stringify(state ?? null).length);
              return state;
            });
            expect(largest).toBeLessThan(65_536);
          }),
          runs(2),
        );
      });
    },
  );
});
