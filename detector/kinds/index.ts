/** The kinds of detection. A new kind is one file and one line here. */
import type { Rule, RuleKind } from '../model/detection.ts';
import { baseline } from './baseline.ts';
import { firstSeen } from './first-seen.ts';
import type { Judge, Kind, Tools } from '../model/kind.ts';
import { match } from './match.ts';

export const KINDS = { match, baseline, 'first-seen': firstSeen } as const satisfies {
  readonly [K in RuleKind]: { readonly name: K };
};

/** @throws SigmaError when a Sigma section of the rule cannot be compiled */
export function judgeOf(rule: Rule, tools: Tools): Judge {
  // Each kind accepts only its own rules, and a state goes only to the judge that created it; the types cannot express
  // this.
  return (KINDS[rule.kind] as unknown as Kind).judge(rule, tools);
}
