/** Turns the syntax tree into what runs: wrappers opened, scripts parsed in their place, data followed through pipes. */
import { statusBehind, statusesOf, statusOfMember, type ExitStatus } from './exit-status.ts';
import { changesFolder, folderAfter } from '../paths.ts';
import { readShellText } from '../syntax/grammar.ts';
import { invocationOf, type Invocation } from './invocation.ts';
import { LIMITS, reachLimit, type ParseBudget } from '../limits.ts';
import { literalOutput, WRITERS } from './literal-output.ts';
import type { Redirection, SimpleCommand } from '../parsed.ts';
import { suffixOf } from './options.ts';
import { programName } from './program-name.ts';
import type { Inner } from './remote.ts';
import {
  Flows,
  inheritAssignments,
  inheritRedirections,
  isSetUp,
  NOTHING,
  principal,
  type Built,
  type Chain,
  type Result,
  type Run,
} from './runs.ts';
import { opaqueOf } from '../syntax/scan.ts';
import { assign, isWhollyUnknown, resolveProgram, resolveText, type Known, type Variables } from './resolve.ts';
import {
  literalWord,
  type CommandNode,
  type Dialect,
  type GroupNode,
  type PipelineNode,
  type RedirectionNode,
  type Script,
  type SimpleNode,
  type Span,
  type Substitution,
  type Word,
} from '../syntax/syntax.ts';
import { DECLARATIONS } from '../syntax/simple-command.ts';
import { readWindowsText } from '../windows/grammar.ts';
import { INTERPRETERS, SHELLS } from './wrapper-table.ts';

/** What standard input is known to hold. */
interface Input {
  readonly word: Word;
  /** A here-document or here-string, as against the output of a command before a pipe. */
  readonly isDocument: boolean;
}

interface Context {
  readonly wrappers: readonly string[];
  readonly origin: SimpleCommand['origin'];
  readonly input: Input | undefined;
  /** Somebody reads what is written here, so known output matters. */
  readonly observed: boolean;
  readonly depth: number;
  /** The folder of the shell that runs it, shared by all that it runs itself. */
  readonly shell: Shell;
  readonly exitStatus: ExitStatus;
}

/** A shell process on its way through the line. */
interface Shell {
  folder: string | undefined;
  /** A branch that may not have run has left the folder. */
  strayed: boolean;
}

/** A simple command on its way through the wrappers. */
interface Candidate {
  readonly order: number;
  readonly node: SimpleNode;
  readonly known: Known;
  words: readonly Word[];
  wrappers: readonly string[];
  assignments: SimpleCommand['assignments'];
}

export interface Interpreted {
  readonly runs: readonly Run[];
  readonly flows: readonly Chain[];
}

/** Reads what a script runs. All runs come in source order. */
export function interpret(script: Script, budget: ParseBudget): Interpreted {
  return new Interpreter(budget).interpret(script);
}

class Interpreter {
  readonly #budget: ParseBudget;
  readonly #flows: Flows;
  readonly #out: Run[] = [];
  /** What the line assigned so far, in source order: `c=curl; $c http://x`. */
  readonly #variables: Variables = new Map();
  #order = 0;

  constructor(budget: ParseBudget) {
    this.#budget = budget;
    this.#flows = new Flows(budget);
  }

  interpret(script: Script): Interpreted {
    const context: Context = {
      wrappers: [],
      origin: 'line',
      input: undefined,
      observed: false,
      depth: 0,
      shell: { folder: '', strayed: false },
      exitStatus: 'own',
    };
    this.#emit(this.#script(script, context));
    const runs = this.#out.filter((run) => run.commands.length > 0);
    runs.sort((a, b) => (a.commands[0]?.order ?? 0) - (b.commands[0]?.order ?? 0));
    return { runs, flows: this.#flows.all };
  }

  #emit(result: Result): void {
    for (const run of result.main) this.#out.push(run);
  }

  #script(script: Script, context: Context): Result {
    const [only] = script;
    const { shell } = context;
    const statuses = statusesOf(script, context.exitStatus);
    if (only !== undefined && script.length === 1)
      return this.#pipeline(only, { ...context, exitStatus: statuses[0] ?? 'lost' });
    const main: Run[] = [];
    const side: Chain[] = [];
    const { folder: first } = shell;
    for (const [at, pipeline] of script.entries()) {
      if (pipeline.isAlternative === true) {
        shell.strayed ||= shell.folder !== first;
        shell.folder = first;
      }
      const { folder: before } = shell;
      const result = this.#pipeline(pipeline, { ...context, exitStatus: statuses[at] ?? 'lost' });
      // Whether `|| cd x` ran is unknown.
      if (pipeline.joined === '||' && shell.folder !== before) shell.folder = undefined;
      for (const run of result.main) main.push(run);
      for (const chain of result.side) side.push(chain);
    }
    return { main, side };
  }

  #pipeline(pipeline: PipelineNode, outer: Context): Result {
    const context = pipeline.timed ? { ...outer, wrappers: [...outer.wrappers, 'time'] } : outer;
    const [only] = pipeline.members;
    if (only !== undefined && pipeline.members.length === 1) {
      const result = this.#member(only, pipeline.background ? inOwnShell(context) : context);
      if (pipeline.background) for (const run of result.main) run.background = true;
      return result;
    }
    const stages: { chain: Chain; others: Chain[] }[] = [];
    let { input } = context;
    pipeline.members.forEach((member, at) => {
      const isLast = at === pipeline.members.length - 1;
      const result = this.#member(member, {
        ...inOwnShell(context),
        input,
        observed: !isLast || context.observed,
        exitStatus: statusOfMember(pipeline, at, context.exitStatus),
      });
      const chosen = principal(result.main, at === 0 ? 'last' : 'first');
      const others = [...result.side];
      for (const run of result.main) {
        if (run === chosen) continue;
        if (!isSetUp(run)) others.push(run.commands);
        this.#out.push(run);
      }
      stages.push({ chain: chosen?.commands ?? [], others });
      const word = isLast ? undefined : outputOf(result);
      input = word && { word, isDocument: false };
    });
    return {
      main: [{ commands: stages.flatMap((stage) => stage.chain), background: pipeline.background }],
      side: this.#paths(stages),
    };
  }

  /** The paths that go through another command of a group than the one shown in the pipeline. */
  #paths(stages: readonly { chain: Chain; others: readonly Chain[] }[]): readonly Chain[] {
    const paths: Chain[] = [];
    for (const [at, { others }] of stages.entries()) {
      for (const other of others) {
        const path = stages.flatMap((stage, index) => (index === at ? other : stage.chain));
        if (!this.#flows.add(path)) return paths;
        paths.push(path);
      }
    }
    return paths;
  }

  #member(node: CommandNode, context: Context): Result {
    return node.kind === 'group' ? this.#group(node, context) : this.#simple(node, context);
  }

  #group(node: GroupNode, context: Context): Result {
    const known: Map<Substitution, Result> = new Map();
    for (const word of node.words) this.#substitutions(word, context, known);
    for (const redirection of node.redirections) this.#redirectionWords(redirection, context, known);
    const input = this.#inputOf(node.redirections, context, known);
    const { folder } = context.shell;
    if (node.variable !== undefined) this.#variables.set(node.variable, null);
    const result = this.#script(node.body, { ...this.#surroundings(node, context), input });
    if (node.scope === 'branches' && !node.isFunction) {
      if (context.shell.strayed || context.shell.folder !== folder) context.shell.folder = undefined;
      context.shell.strayed = false;
    }
    const redirections = aroundCommands(redirectionsOf(node.redirections), folder);
    if (redirections.length > 0) inheritRedirections(result.main, redirections, this.#budget);
    for (const run of result.main) this.#feed(node.redirections, run.commands, known);
    if (!node.isFunction) return result;
    this.#emit(result);
    return NOTHING;
  }

  /** The shell that runs the commands of a group, and what the exit status of the line says about them. */
  #surroundings({ scope, isFunction }: GroupNode, context: Context): Context {
    if (isFunction) return { ...context, shell: { folder: undefined, strayed: false }, exitStatus: 'lost' };
    if (scope === 'branches') return { ...context, exitStatus: 'lost' };
    return scope === 'subshell' ? inOwnShell(context) : context;
  }

  #simple(node: SimpleNode, context: Context): Result {
    const order = this.#order++;
    const known: Map<Substitution, Result> = new Map();
    for (const word of node.words) this.#substitutions(word, context, known);
    for (const { words } of node.assignments) for (const word of words) this.#substitutions(word, context, known);
    for (const redirection of node.redirections) this.#redirectionWords(redirection, context, known);
    const input = this.#inputOf(node.redirections, context, known);
    const { words, assignments } = node;
    this.#assign(node, known);
    return this.#unwrap(
      {
        order,
        node,
        known,
        words,
        wrappers: context.wrappers,
        assignments: assignments.map(({ name, value }) => ({ name, value })),
      },
      input === context.input ? context : { ...context, input },
    );
  }

  /** Assignments that outlive their command: those of a statement of their own, of `export` and its like, and of `read`. */
  #assign({ words, assignments }: SimpleNode, known: Known): void {
    const [head] = words;
    if (head === undefined) {
      for (const { name, words: parts } of assignments) {
        const [word] = parts;
        const isPlain = parts.length === 1 && word?.valueAt !== undefined && word.text[word.valueAt - 2] !== '+';
        assign(this.#variables, name, isPlain ? suffixOf(word, word.valueAt) : undefined, known);
      }
    } else if (DECLARATIONS.has(head.text)) {
      for (const word of words.slice(1)) {
        if (word.valueAt === undefined) continue;
        assign(this.#variables, word.text.slice(0, word.valueAt - 1), suffixOf(word, word.valueAt), known);
      }
    } else if (head.text === 'read') for (const word of words.slice(1)) this.#variables.set(word.text, null);
  }

  /** Removes wrappers until a command is left that runs. */
  #unwrap(candidate: Candidate, outer: Context): Result {
    let context = outer;
    for (let step = 0; ; step++) {
      candidate.words = resolveProgram(candidate.words, candidate.known, this.#variables);
      if (step >= LIMITS.nesting) {
        reachLimit(this.#budget, `nesting of ${LIMITS.nesting}`, candidate.node.start);
        return this.#plain(candidate, context);
      }
      const invocation = invocationOf(candidate.words);
      if (invocation.kind !== 'wrapper') return this.#invoke(candidate, invocation, context);
      candidate.wrappers = [...candidate.wrappers, invocation.label];
      context = { ...context, exitStatus: statusBehind(invocation.label, context.exitStatus) };
      candidate.words = invocation.words;
      candidate.assignments = [...candidate.assignments, ...invocation.assignments.map(assignmentOf)];
    }
  }

  #invoke(candidate: Candidate, invocation: Exclude<Invocation, { kind: 'wrapper' }>, context: Context): Result {
    switch (invocation.kind) {
      case 'program':
        return this.#plain(candidate, context);
      case 'script':
        return this.#scriptArgument(candidate, invocation, context);
      case 'also':
        return this.#alsoRuns(candidate, invocation.inner, context);
      case 'stdin': {
        // What is piped in is the text of the script, so the script does not replace the shell in the pipe.
        const own = this.#plain(candidate, context);
        const script = context.input?.word;
        const inner: Context = { ...inOwnShell(context), input: undefined, exitStatus: 'lost' };
        if (script !== undefined)
          this.#emit(this.#open(script, 'posix', invocation.label, candidate, inner) ?? NOTHING);
        return own;
      }
      default:
        return invocation satisfies never;
    }
  }

  #plain(candidate: Candidate, context: Context): Result {
    const built = this.#build(candidate, context);
    if (built !== undefined && changesFolder(built.base.program)) {
      const words = candidate.words.map((word) => resolveText(word, candidate.known, this.#variables));
      context.shell.folder = folderAfter(words, context.shell.folder);
    }
    return built === undefined ? NOTHING : { main: [{ commands: [built], background: false }], side: [] };
  }

  /** `bash -c 'script'`: the script replaces the shell, unless it is known only by running it. */
  #scriptArgument(candidate: Candidate, invocation: Invocation & { kind: 'script' }, context: Context): Result {
    const script = resolveText(invocation.script, candidate.known, this.#variables);
    // Only `eval` runs its text in the shell itself.
    const inner = invocation.label === 'eval' ? context : inOwnShell(context);
    const opened = this.#open(script, invocation.dialect, invocation.label, candidate, inner);
    // What a substitution writes becomes code, so the shell that runs it stays visible after it.
    const isFed = invocation.script.substitutions.some(({ kind }) => kind === 'command');
    if (opened === undefined || opened.main.length === 0) return this.#plain(candidate, context);
    if (isFed) this.#emit(this.#plain(candidate, context));
    const redirections = aroundCommands(redirectionsOf(candidate.node.redirections), context.shell.folder);
    inheritRedirections(opened.main, redirections, this.#budget);
    inheritAssignments(opened.main, candidate.assignments, this.#budget);
    return opened;
  }

  #alsoRuns(candidate: Candidate, inner: readonly Inner[], context: Context): Result {
    const own = this.#plain(candidate, context);
    const side: Chain[] = [];
    for (const part of inner) {
      const there: Context = {
        ...context,
        shell: { folder: runsHere(part.label) ? context.shell.folder : undefined, strayed: false },
        exitStatus: statusBehind(part.label, context.exitStatus === 'lost' ? 'lost' : 'shared'),
      };
      const result =
        'words' in part
          ? this.#runWords(part.words, part.label, candidate, there)
          : this.#open(
              resolveText(part.script, candidate.known, this.#variables),
              part.dialect,
              part.label,
              candidate,
              there,
            );
      if (result === undefined) continue;
      this.#emit(result);
      for (const run of result.main) side.push(run.commands);
    }
    return { main: own.main, side };
  }

  #runWords(words: readonly Word[], label: string, candidate: Candidate, context: Context): Result | undefined {
    if (!this.#mayEnter(context, candidate.node.start)) return undefined;
    const wrappers = [...candidate.wrappers, label];
    return this.#unwrap(
      {
        order: this.#order++,
        node: { ...candidate.node, redirections: [], assignments: [] },
        known: candidate.known,
        words,
        wrappers,
        assignments: [],
      },
      { ...context, wrappers, depth: context.depth + 1 },
    );
  }

  /** Parses a script text and reads what it runs; undefined when it is unknown, empty or too deep. */
  #open(
    script: Word,
    dialect: Dialect,
    label: string,
    { node, wrappers }: Candidate,
    context: Context,
  ): Result | undefined {
    const { text } = script;
    if (isWhollyUnknown(script) || !this.#mayEnter(context, node.start)) return undefined;
    const budget = this.#budget;
    budget.scriptChars += text.length;
    if (budget.scriptChars > LIMITS.scriptChars) {
      reachLimit(budget, `${LIMITS.scriptChars} characters of scripts`, node.start);
      return undefined;
    }
    const depth = context.depth + 1;
    const place = { range: { start: node.start, end: node.end } satisfies Span };
    const tree =
      dialect === 'posix'
        ? readShellText(text, place, budget, depth, opaqueOf(script.opaque))
        : readWindowsText({ text, dialect, place, budget, depth, singleQuotes: dialect === 'powershell' });
    return this.#script(tree, { ...context, wrappers: [...wrappers, label], origin: 'script', depth });
  }

  #mayEnter(context: Context, at: number): boolean {
    if (context.depth < LIMITS.nesting) return true;
    reachLimit(this.#budget, `nesting of ${LIMITS.nesting}`, at);
    return false;
  }

  #build(candidate: Candidate, context: Context): Built | undefined {
    const { node, words, wrappers, assignments, known } = candidate;
    const redirections = redirectionsOf(node.redirections);
    const [head] = words;
    if (head === undefined && assignments.length === 0 && redirections.length === 0) return undefined;
    if (this.#budget.commands >= LIMITS.commands) {
      reachLimit(this.#budget, `${LIMITS.commands} commands`, node.start);
      return undefined;
    }
    this.#budget.commands += 1;
    const program = head === undefined ? '' : programName(head);
    const writes = context.observed && WRITERS.has(program) && !redirections.some(isOutputToFile);
    const built: Built = {
      order: candidate.order,
      base: {
        program,
        programPath: head?.text ?? '',
        arguments: words.slice(1).map((word) => word.text),
        wrappers,
        origin: context.origin,
        ...(context.shell.folder === undefined ? {} : { folder: context.shell.folder }),
        exitStatus: context.exitStatus,
        start: node.start,
        end: node.end,
      },
      assignments,
      redirections,
      input: context.input?.isDocument === true ? context.input.word.text : undefined,
      output: writes ? literalOutput(program, words, context.input?.word) : undefined,
    };
    this.#feed(node.redirections, [built], known);
    words.forEach((word, at) => this.#feedWord(word, words[at - 1], built, known));
    return built;
  }

  /** Data paths from and to the substitutions among the words of a command. */
  #feedWord(word: Word, before: Word | undefined, built: Built, known: Known): void {
    for (const substitution of word.substitutions) {
      if (substitution.kind === 'output') {
        for (const run of known.get(substitution)?.main ?? []) this.#flows.add([built, ...run.commands]);
      } else if (substitution.kind === 'input' || isCode(built.base.program, before)) {
        for (const run of known.get(substitution)?.main ?? []) this.#flows.add([...run.commands, built]);
      }
    }
  }

  /** Data paths through redirections: `< <(command)`, `<<< "$(command)"`, `> >(command)`. */
  #feed(redirections: readonly RedirectionNode[], chain: Chain, known: Known): void {
    for (const { operator, target, hereDocument } of redirections) {
      const word = hereDocument === undefined ? target : hereDocument.body;
      for (const substitution of word?.substitutions ?? []) {
        const isInput = substitution.kind === 'input' || (substitution.kind === 'command' && operator.startsWith('<<'));
        for (const run of known.get(substitution)?.main ?? []) {
          if (isInput) this.#flows.add([...run.commands, ...chain]);
          else if (substitution.kind === 'output') this.#flows.add([...chain, ...run.commands]);
        }
      }
    }
  }

  #redirectionWords(
    { target, hereDocument }: RedirectionNode,
    context: Context,
    known: Map<Substitution, Result>,
  ): void {
    if (target !== undefined) this.#substitutions(target, context, known);
    if (hereDocument?.body !== undefined) this.#substitutions(hereDocument.body, context, known);
  }

  /** Reads and hands out the commands of a word's substitutions. */
  #substitutions(word: Word, context: Context, known: Map<Substitution, Result>): void {
    for (const substitution of word.substitutions) {
      if (known.has(substitution)) continue;
      const result = this.#script(substitution.body, {
        ...inOwnShell(context),
        origin: substitution.kind === 'command' ? 'substitution' : 'process-substitution',
        exitStatus: 'lost',
        input: undefined,
        observed: substitution.kind !== 'output',
      });
      known.set(substitution, result);
      this.#emit(result);
    }
  }

  #inputOf(redirections: readonly RedirectionNode[], context: Context, known: Known): Input | undefined {
    let { input } = context;
    for (const { operator, fd, target, hereDocument } of redirections) {
      if (fd !== 0 || !operator.startsWith('<')) continue;
      if (hereDocument !== undefined)
        input = { word: hereDocument.body ?? literalWord('', 0, 0, true), isDocument: true };
      else if (operator === '<<<' && target !== undefined)
        input = { word: resolveText(target, known, this.#variables), isDocument: true };
      else input = undefined;
    }
    return input;
  }
}

/** A separate shell process: its `cd` changes no other shell's folder. */
function inOwnShell(context: Context): Context {
  return { ...context, shell: { ...context.shell } };
}

/** Whether what is run besides starts in the folder of the line: not on another machine, nor later. */
function runsHere(label: string): boolean {
  return /^(?:find -(?:exec|ok)|fd|fdfind|parallel)\b/.test(label);
}

/** Whether the word after `before` is code to this program: `eval …`, `python -c …`. */
function isCode(program: string, before: Word | undefined): boolean {
  if (program === 'eval') return true;
  return (
    (SHELLS.has(program) || INTERPRETERS.test(program)) && /^-[A-Za-z]*[ceEr]$/.test(before?.text.slice(0, 32) ?? '')
  );
}

function assignmentOf({ text }: Word): { name: string; value: string } {
  const equals = text.indexOf('=');
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

function isOutputToFile({ operator, fd, target }: { operator: string; fd: number; target: string }): boolean {
  return (
    operator.startsWith('&>') ||
    (fd === 1 && operator.startsWith('>') && !(operator === '>&' && /^[0-9-]+$/.test(target)))
  );
}

function redirectionsOf(nodes: readonly RedirectionNode[]): { operator: string; fd: number; target: string }[] {
  return nodes
    .filter(({ hereDocument }) => hereDocument === undefined)
    .map(({ operator, fd, target }) => ({ operator, fd, target: target?.text ?? '' }));
}

/** Redirections of a group or script, which are opened before its commands go elsewhere. */
function aroundCommands(redirections: readonly Redirection[], folder: string | undefined): readonly Redirection[] {
  const around = folder === undefined ? {} : { folder };
  return redirections.map((redirection) => ({ ...redirection, around }));
}

/** What a whole group is known to write: all its pipelines in turn. */
function outputOf({ main }: Result): Word | undefined {
  const outputs = main.map((run) => run.commands.at(-1)?.output);
  const [only] = outputs;
  if (outputs.length <= 1) return only;
  const known = outputs.filter((output) => output !== undefined);
  const [first] = known;
  if (first === undefined || known.length < outputs.length || known.some((word) => word.opaque.length > 0))
    return undefined;
  return { ...first, text: known.map((word) => word.text).join('\n') };
}
