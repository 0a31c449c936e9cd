/**
 * Sigma 2.1 detection sections, compiled once into closures over the fields of a view.
 *
 * Where the specification leaves a choice: the regular expressions are those an automaton can run (see
 * `expression-syntax.ts`); `neq` also holds for an absent field, like `not` does; a comparison with a field of several
 * values holds when one of them fits; dates are read in UTC; placeholders and aggregations are refused.
 */
import { type Condition, parseCondition } from './condition.ts';
import { Parts } from './parts.ts';
import { type Test, compileSelectionTest, everyHolds, everyVerdict, someHolds, someVerdict } from './selection.ts';
import { SigmaError } from './sigma-error.ts';
import type { Matched, PartialView, SigmaView, Verdict } from './view.ts';

export type { Matched, SigmaView } from './view.ts';

export interface SigmaMatch {
  /** Names of the selections that hold and that the condition asks for. */
  readonly selections: readonly string[];
  /** The values that made them hold. */
  readonly matched: readonly Matched[];
}

export interface CompiledSigma {
  match(view: SigmaView): SigmaMatch | undefined;
  verdict(view: PartialView): Verdict;
  /** Every field that the selection reads, each once. */
  readonly fields: readonly string[];
  /** How many parts it is made of. */
  readonly parts: number;
}

/** Keys of a section that are no selections. */
const CONDITION = 'condition';
const MAX_SELECTIONS = 1000;

/**
 * @param section the `detection` of a Sigma rule: named selections and a `condition` (text, or a list of which one must hold)
 * @throws SigmaError naming the place and the reason
 */
export function compileSigma(section: unknown, path = 'detection'): CompiledSigma {
  if (typeof section !== 'object' || section === null || Array.isArray(section))
    throw new SigmaError(path, 'must be a map of selections and a condition');
  const entries = Object.entries(section as Readonly<Record<string, unknown>>);
  if (entries.length > MAX_SELECTIONS) throw new SigmaError(path, `more than ${MAX_SELECTIONS} selections`);
  if (entries.some(([name]) => name === 'timeframe'))
    throw new SigmaError(`${path}.timeframe`, 'not supported; use a baseline or a correlation');
  const parts = new Parts();
  const tests = new Map<string, Test>();
  for (const [name, selection] of entries)
    if (name !== CONDITION) tests.set(name, compileSelectionTest(selection, `${path}.${name}`, parts));
  if (tests.size === 0) throw new SigmaError(path, 'has no selection');
  const written = entries.find(([name]) => name === CONDITION)?.[1];
  const lines: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (lines.length === 0) throw new SigmaError(`${path}.condition`, 'is empty');
  const names = [...tests.keys()];
  const conditions = lines.map((line) => {
    if (typeof line !== 'string') throw new SigmaError(`${path}.condition`, 'must be text, or a list of texts');
    return parseCondition(line, names, `${path}.condition`, parts);
  });
  const [only] = conditions;
  const condition: Condition = conditions.length === 1 && only !== undefined ? only : { kind: 'or', items: conditions };
  return compiled(clauseOf(condition, tests), [...tests.values()], parts);
}

/**
 * @param selection one selection without a condition: a map of fields, or a list of maps
 * @throws SigmaError naming the place and the reason
 */
export function compileSelection(selection: unknown, path = 'where'): CompiledSigma {
  const parts = new Parts();
  const test = compileSelectionTest(selection, path, parts);
  return compiled(clauseOf({ kind: 'selection', name: path }, new Map([[path, test]])), [test], parts);
}

/** What a match is made of, gathered only once there is one. */
interface Account {
  readonly selections: Set<string>;
  readonly matched: Matched[];
}

interface Clause {
  readonly holds: (view: SigmaView) => boolean;
  readonly verdict: (view: PartialView) => Verdict;
  readonly explain: (view: SigmaView, account: Account) => void;
}

function compiled(clause: Clause, tests: readonly Test[], parts: Parts): CompiledSigma {
  return {
    match: (view) => {
      if (!clause.holds(view)) return undefined;
      const account: Account = { selections: new Set(), matched: [] };
      clause.explain(view, account);
      return { selections: [...account.selections], matched: account.matched };
    },
    verdict: clause.verdict,
    fields: [...new Set(tests.flatMap(({ fields }) => fields))],
    parts: parts.count,
  };
}

function clauseOf(condition: Condition, tests: ReadonlyMap<string, Test>): Clause {
  switch (condition.kind) {
    case 'selection': {
      const { name } = condition;
      const test = tests.get(name) as Test;
      return {
        holds: test.holds,
        verdict: test.verdict,
        explain: (view, account) => {
          if (account.selections.has(name)) return;
          account.selections.add(name);
          test.explain(view, account.matched);
        },
      };
    }
    case 'not': {
      const item = clauseOf(condition.item, tests);
      return {
        holds: (view) => !item.holds(view),
        verdict: (view) => {
          const verdict = item.verdict(view);
          return verdict === undefined ? undefined : !verdict;
        },
        explain: () => undefined,
      };
    }
    case 'and':
    case 'or': {
      const items = condition.items.map((item) => clauseOf(item, tests));
      return {
        holds: condition.kind === 'and' ? everyHolds(items) : someHolds(items),
        verdict: condition.kind === 'and' ? everyVerdict(items) : someVerdict(items),
        explain: (view, account) => {
          for (const item of items) if (item.holds(view)) item.explain(view, account);
        },
      };
    }
    default:
      return condition satisfies never;
  }
}
