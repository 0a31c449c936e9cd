/**
 * Regular expressions that cost the same per character for any text that an attacker sends: the tree becomes an automaton
 * whose states are made as they are met. There is no going back, so no pattern and no input can make it slow.
 */
import { ExpressionError, WORD, parseExpression } from './expression-syntax.ts';
import type { Assertion, CharSet, Expression, Flags } from './expression-syntax.ts';
import { type Parts, TOO_MANY_PARTS } from '../parts.ts';

/** What one automaton is built of: nodes, which counted repetition multiplies, and the ranges of its classes. */
const MAX_SIZE = 5000;
/** Remembered states; past it all are forgotten and made anew, which bounds memory and keeps the cost linear. */
const MAX_STATES = 500;

/** The neighbour of a position: an edge of the text, a newline, a word character, anything else. */
const EDGE = 0;
const NEWLINE = 1;
const WORD_CHAR = 2;
const OTHER = 3;

type Node =
  | { readonly kind: 'set'; readonly set: CharSet; readonly next: number }
  | { readonly kind: 'split'; readonly nexts: number[] }
  | { readonly kind: 'assert'; readonly what: Assertion; readonly next: number }
  | { readonly kind: 'match' };

interface State {
  /** Nodes reached, before the ones that cost nothing are followed: those depend on the next character. */
  readonly nodes: readonly number[];
  readonly before: number;
  /** Where each class of characters leads; the last entry is the end of the text. */
  readonly nexts: (State | 'match' | 'miss' | undefined)[];
}

/**
 * @param parts of the whole section; what this expression needs is added
 * @throws ExpressionError when the expression is malformed, outside the dialect or too large
 */
export function compileExpression(source: string, flags: Flags, parts: Parts): (text: string) => boolean {
  const nodes: Node[] = [{ kind: 'match' }];
  const plan: Plan = { nodes, sets: new Map(), shared: new Map(), size: 0, parts };
  const start = build(parseExpression(source, flags), 0, plan);
  const alphabet = alphabetOf(plan.sets.values());
  const classes = alphabet.samples.length;
  const createState = (reached: readonly number[], before: number): State => ({
    nodes: reached,
    before,
    nexts: new Array<undefined>(classes + 1),
  });
  let states = new Map<string, State>();
  let first = createState([], EDGE);

  const marks = new Uint32Array(nodes.length);
  let generation = 0;

  const stateOf = (reached: readonly number[], before: number): State => {
    const key = `${before}:${reached.join(',')}`;
    const known = states.get(key);
    if (known !== undefined) return known;
    if (states.size >= MAX_STATES) {
      states = new Map();
      first = createState([], EDGE); // the old first state would keep all the others alive
    }
    const state = createState(reached, before);
    states.set(key, state);
    return state;
  };

  /** Follows splits and the assertions that hold between `before` and `after`; undefined when the match is reached. */
  const closure = (state: State, after: number): number[] | undefined => {
    if (++generation === 0xffff_ffff) {
      marks.fill(0);
      generation = 1;
    }
    const stack = [start, ...state.nodes];
    const sets: number[] = [];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (marks[id] === generation) continue;
      marks[id] = generation;
      const node = nodes[id] as Node;
      if (node.kind === 'match') return undefined;
      if (node.kind === 'set') sets.push(id);
      else if (node.kind === 'split') stack.push(...node.nexts);
      else if (holds(node.what, state.before, after)) stack.push(node.next);
    }
    return sets;
  };

  const step = (state: State, klass: number): State | 'match' | 'miss' => {
    const after = klass === classes ? EDGE : (alphabet.kinds[klass] as number);
    const sets = closure(state, after);
    if (sets === undefined) return 'match';
    if (klass === classes) return 'miss';
    const reached = new Set<number>();
    const sample = alphabet.samples[klass] as number;
    for (const id of sets) {
      const { set, next } = nodes[id] as Extract<Node, { readonly kind: 'set' }>;
      if (contains(set, sample)) reached.add(next);
    }
    return stateOf(
      [...reached].sort((a, b) => a - b),
      after,
    );
  };

  return (text) => {
    let state = first;
    for (let at = 0; at <= text.length; at++) {
      const klass = at === text.length ? classes : alphabet.classOf(text.charCodeAt(at));
      const next = (state.nexts[klass] ??= step(state, klass));
      if (next === 'match') return true;
      if (next === 'miss') return false;
      state = next;
    }
    return false;
  };
}

interface Plan {
  readonly nodes: Node[];
  /** Each class once, by its ranges. */
  readonly sets: Map<string, CharSet>;
  /** The compiled form of a class: repetition asks for the same one again and again. */
  readonly shared: Map<CharSet, CharSet>;
  /** Counted apart from the nodes: repeating an empty group a million times adds none. */
  size: number;
  readonly parts: Parts;
}

/** @throws ExpressionError when it no longer fits */
function grow(plan: Plan, by: number): void {
  plan.size += by;
  if (plan.size > MAX_SIZE) throw new ExpressionError(`too large (over ${MAX_SIZE} parts)`);
  if (!plan.parts.add(by)) throw new ExpressionError(TOO_MANY_PARTS);
}

/** Adds the nodes of an expression that goes on at `next`; returns where it begins. */
function build(expression: Expression, next: number, plan: Plan): number {
  grow(plan, 1);
  const add = (node: Node) => plan.nodes.push(node) - 1;
  switch (expression.kind) {
    case 'set':
      return add({ kind: 'set', set: sharedSet(expression.set, plan), next });
    case 'assert':
      return add({ kind: 'assert', what: expression.what, next });
    case 'sequence':
      return expression.items.reduceRight((after, item) => build(item, after, plan), next);
    case 'either':
      return add({ kind: 'split', nexts: expression.items.map((item) => build(item, next, plan)) });
    case 'repeat': {
      const { item, min, max } = expression;
      let entry = next;
      if (max === Infinity) {
        const nexts: number[] = [];
        entry = add({ kind: 'split', nexts });
        nexts.push(build(item, entry, plan), next);
      } else {
        for (let i = min; i < max; i++) entry = add({ kind: 'split', nexts: [build(item, entry, plan), next] });
      }
      for (let i = 0; i < min; i++) entry = build(item, entry, plan);
      return entry;
    }
    default:
      return expression satisfies never;
  }
}

/** Classes of the same ranges are one, and count once. */
function sharedSet(set: CharSet, plan: Plan): CharSet {
  let one = plan.shared.get(set);
  if (one !== undefined) return one;
  const key = set.join();
  one = plan.sets.get(key);
  if (one === undefined) {
    grow(plan, set.length / 2);
    plan.sets.set(key, (one = set));
  }
  plan.shared.set(set, one);
  return one;
}

function holds(what: Assertion, before: number, after: number): boolean {
  switch (what) {
    case 'start':
      return before === EDGE;
    case 'end':
      return after === EDGE;
    case 'line-start':
      return before === EDGE || before === NEWLINE;
    case 'line-end':
      return after === EDGE || after === NEWLINE;
    case 'boundary':
      return (before === WORD_CHAR) !== (after === WORD_CHAR);
    case 'no-boundary':
      return (before === WORD_CHAR) === (after === WORD_CHAR);
    default:
      return what satisfies never;
  }
}

interface Alphabet {
  /** One character of each class: all of a class behave alike in every set of the expression. */
  readonly samples: readonly number[];
  /** What each class is to its neighbours. */
  readonly kinds: readonly number[];
  classOf(code: number): number;
}

function alphabetOf(sets: Iterable<CharSet>): Alphabet {
  const cuts = new Set<number>([0, 0x0a, 0x0b]);
  const cut = (set: CharSet) => {
    for (let i = 0; i < set.length; i += 2) cuts.add(set[i] ?? 0).add((set[i + 1] ?? 0) + 1);
  };
  cut(WORD);
  for (const set of sets) cut(set);
  const starts = [...cuts].filter((code) => code <= 0xffff).sort((a, b) => a - b);
  const search = (code: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const common = Uint16Array.from({ length: 256 }, (_, code) => search(code));
  return {
    samples: starts,
    kinds: starts.map((code) => (code === 0x0a ? NEWLINE : contains(WORD, code) ? WORD_CHAR : OTHER)),
    classOf: (code) => (code < 256 ? (common[code] as number) : search(code)),
  };
}

/** The ranges are sorted: the one that may hold the code is the last that begins at or before it. */
function contains(set: CharSet, code: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[2 * middle] as number) <= code) low = middle + 1;
    else high = middle;
  }
  return low > 0 && code <= (set[2 * low - 1] as number);
}
