/** What a kind of detection is: a rule becomes a judge, and a judge folds events of one entity into a small state. */
import type { Entity, Evidence, Explanation } from '../../schemas/records/alert.ts';
import type { GroupField, Rule, RuleKind } from './detection.ts';
import type { Subject } from './subject.ts';

/** What a judge has to say about one event. */
export interface Finding {
  /** 0 to 20: how far beyond the bar, added to the severity's own score. */
  readonly excess: number;
  /** How often a value this extreme is expected when nothing is wrong. */
  readonly probability?: number;
  readonly summary: string;
  readonly explanation: Explanation;
  /** Earlier events that the finding rests on too, besides the one being judged. */
  readonly witnesses?: readonly Witness[];
  /** What `value` in the rule's grouping stands for. */
  readonly value?: string;
}

/** An event that has something to do with a finding: when it happened and how to find it. */
export type Witness = Evidence & { readonly time: number };

export interface Step<S> {
  /** The very same object when nothing was learnt, so that nothing needs to be stored. */
  readonly state: S;
  readonly finding?: Finding;
  /** The event came after what it belongs to had been closed: it was judged by nothing and taught nothing. */
  readonly late?: true;
}

/**
 * A rule made ready. Pure: `step` changes neither its state nor its event, and its state is JSON.
 * A stateless judge has no `state`.
 */
export interface Judge<S = unknown> {
  /** Whose state an event belongs to; undefined: none of this rule's business. */
  entityOf(subject: Subject): Entity | undefined;
  readonly state?: {
    /** Changes whenever an old state would mean something else. */
    readonly meaning: string;
    /** A state idle for longer is forgotten. */
    readonly idleMs: number;
    initial(): S;
  };
  step(state: S, subject: Subject, entity: Entity): Step<S>;
  readonly group: { readonly by: readonly GroupField[]; readonly for: number };
  /** How many parts its Sigma section is made of. */
  readonly parts: number;
}

export interface Tools {
  /** 128 bits as 32 lower-case hex digits. */
  readonly hash128: (text: string) => string;
}

export interface Kind<K extends RuleKind = RuleKind, S = unknown> {
  readonly name: K;
  /** @throws SigmaError when a Sigma section of the rule cannot be compiled */
  judge(rule: Extract<Rule, { readonly kind: K }>, tools: Tools): Judge<S>;
}
