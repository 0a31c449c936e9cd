/**
 * The interface of a kind of detection: it turns a rule into a judge, and a judge folds the events of one entity into a
 * small state.
 */
import type { Entity, Evidence, Explanation } from '../../schemas/records/alert.ts';
import type { GroupField, Rule, RuleKind } from './detection.ts';
import type { Subject } from './subject.ts';

/** A judge's verdict on one event. */
export interface Finding {
  /** 0 to 20: how far the value is beyond the threshold; added to the severity's own score. */
  readonly excess: number;
  /** How often a value this extreme is expected when nothing is wrong. */
  readonly probability?: number;
  readonly summary: string;
  readonly explanation: Explanation;
  /** Earlier events on which the finding is also based. */
  readonly witnesses?: readonly Witness[];
  /** What `value` means in the rule's grouping. */
  readonly value?: string;
}

/** An event that belongs to a finding: when it happened and how to find it. */
export type Witness = Evidence & { readonly time: number };

export interface Step<S> {
  /** The same object when nothing was learnt, so that nothing needs to be stored. */
  readonly state: S;
  readonly finding?: Finding;
  /** Set when the event arrived after its window was closed: it was neither judged nor learnt. */
  readonly late?: true;
}

/**
 * A compiled rule. It is pure: `step` modifies neither its state nor its event, and its state is JSON. A stateless
 * judge has no `state`.
 */
export interface Judge<S = unknown> {
  /** Returns the entity whose state the event belongs to; undefined when the rule does not apply to the event. */
  entityOf(subject: Subject): Entity | undefined;
  readonly state?: {
    /** Changes whenever an old state would mean something else. */
    readonly meaning: string;
    /** A state that is idle for longer is dropped. */
    readonly idleMs: number;
    initial(): S;
  };
  step(state: S, subject: Subject, entity: Entity): Step<S>;
  readonly group: { readonly by: readonly GroupField[]; readonly for: number };
  /** Number of parts of its Sigma section. */
  readonly parts: number;
}

export interface Tools {
  /** Returns 128 bits as 32 lower-case hex digits. */
  readonly hash128: (text: string) => string;
}

export interface Kind<K extends RuleKind = RuleKind, S = unknown> {
  readonly name: K;
  /** @throws SigmaError when a Sigma section of the rule cannot be compiled */
  judge(rule: Extract<Rule, { readonly kind: K }>, tools: Tools): Judge<S>;
}
