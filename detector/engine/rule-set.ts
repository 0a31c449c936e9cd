/**
 * A set of compiled rules. It is named by a hash of its content, and indexed so that an event only meets rules that can
 * match it.
 */
import type { AgentEvent } from '../../schemas/records/agent-event.ts';
import { type Requirement, Rule } from '../model/detection.ts';
import type { AgentEventField } from '../model/literals.ts';
import { judgeOf } from '../kinds/index.ts';
import type { Judge, Tools } from '../model/kind.ts';

/** A rule as published: its content as JSON (as in the file, without fixtures), and the hash of that. */
export interface VersionedRule {
  readonly version: string;
  /** As written in the file: durations and budgets are still text. */
  readonly content: unknown;
}

export interface ArmedRule {
  readonly rule: Rule;
  readonly version: string;
  readonly judge: Judge;
  /**
   * Separates this rule's states from those of other rules, and from those of a rule with the same name and another
   * meaning.
   */
  readonly stateKey: string;
  readonly requires: readonly Requirement[];
}

export interface RuleSet {
  readonly hash: string;
  readonly rules: readonly ArmedRule[];
  /** Rules of the set that this version cannot use because they were written for another version. */
  readonly broken: readonly { readonly version: string; readonly cause: Error }[];
  /** Number of parts of the Sigma sections of all its rules, a measure of the compile cost. */
  readonly parts: number;
  /** Returns the rules whose required fields the event has, sorted by id. */
  candidates(event: AgentEvent): readonly ArmedRule[];
}

/** Names a set of rules: a hash over the versions of its rules, in any order. */
export function ruleSetHash(versions: readonly string[], tools: Tools): string {
  return tools.hash128(JSON.stringify({ rules: [...versions].sort() }));
}

export function armRuleSet(rules: readonly VersionedRule[], tools: Tools): RuleSet {
  const armed: ArmedRule[] = [];
  const broken: { readonly version: string; readonly cause: Error }[] = [];
  for (const { version, content } of rules) {
    try {
      armed.push(arm(Rule.parse(content), version, tools));
    } catch (error) {
      broken.push({ version, cause: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  const active = armed
    .filter(({ rule }) => rule.status !== 'deprecated' && rule.status !== 'unsupported')
    .sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1));
  const hash = ruleSetHash(
    rules.map(({ version }) => version),
    tools,
  );
  const parts = armed.reduce((sum, { judge }) => sum + judge.parts, 0);
  return { hash, rules: active, broken, parts, candidates: index(active) };
}

function arm(rule: Rule, version: string, tools: Tools): ArmedRule {
  const judge = judgeOf(rule, tools);
  const meaning = judge.state === undefined ? '' : tools.hash128(`${rule.kind} ${judge.state.meaning}`).slice(0, 8);
  return { rule, version, judge, stateKey: `${rule.id}@${meaning}`, requires: rule.requires };
}

/** Indexes rules by their first required field: one look at the event excludes most rules. */
function index(rules: readonly ArmedRule[]): RuleSet['candidates'] {
  const byField = new Map<AgentEventField | undefined, ArmedRule[]>();
  for (const rule of rules) {
    const first = rule.requires.find((requirement) => typeof requirement === 'string');
    const group = byField.get(first);
    if (group === undefined) byField.set(first, [rule]);
    else group.push(rule);
  }
  const groups = [...byField];
  return (event) => {
    const found: ArmedRule[] = [];
    for (const [field, group] of groups) {
      if (field !== undefined && event[field] === undefined) continue;
      for (const rule of group) if (hasAll(event, rule.requires)) found.push(rule);
    }
    return found;
  };
}

function hasAll(event: AgentEvent, requires: readonly Requirement[]): boolean {
  for (const requirement of requires) {
    if (typeof requirement === 'string') {
      if (event[requirement] === undefined) return false;
    } else if (requirement.every((field) => event[field] === undefined)) return false;
  }
  return true;
}
