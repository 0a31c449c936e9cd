/**
 * The vocabulary of events, which is the same for all agents. `ACTIONS` lists every action of every category with its
 * meaning; an agent's own words are normalised here and stay unchanged in `attributes`.
 */
import type { AgentEvent, Category } from '../../schemas/records/agent-event.ts';

export const ACTIONS = {
  command: {
    run: 'A shell line was asked for; its outcome says whether it ran. Exactly one per command.',
    input: 'Text was typed into a command that was already running.',
    poll: 'A running command was looked at and still runs.',
    finish: 'A command started earlier has ended. `callId` names its `run`; this is no command of its own.',
  },
  file: {
    read: 'A file was read.',
    search: 'Files were searched or listed.',
    create: 'A file was written whole.',
    update: 'A file was changed.',
    delete: 'A file was removed.',
    move: 'A file was moved; `filePath` is the new place.',
  },
  network: {
    connect: 'A policy decided about a connection. One per request.',
    restrict: 'A request whose connection was allowed was judged once more, by its method.',
    fetch: 'A tool fetched an address.',
    search: 'A tool searched the web.',
    contact:
      'A command line names a host that it connects to; derived, so it may tell again what a policy or a tool told.',
  },
  approval: {
    decide: 'A tool call was allowed or refused. One per call that was decided about.',
    review: 'What an automatic reviewer thought of a call; the decision itself is a `decide`.',
  },
  sandbox: {
    deny: 'The sandbox stopped something.',
    escalate: 'A call asked to run outside of the sandbox.',
    report: 'The sandbox said something else about a call.',
  },
  prompt: {
    submit: 'A person wrote to the agent (or the record does not show who did).',
    notify: 'A program wrote to the agent where a person would.',
    mention: 'A prompt pulled in a file or another resource.',
  },
  model: {
    request: 'A model call ended; carries the tokens. The only place where tokens are counted.',
    error: 'A model call failed.',
    give_up: 'The agent stopped retrying a model call.',
    refusal: 'The model declined.',
    answer: 'The model wrote text.',
    compact: 'The conversation was shortened.',
  },
  tool: {
    call: 'A tool ran that is none of the above.',
    describe:
      'What is known of a call besides its approval and result, such as the span it ran in; joined by `callId`, counted as nothing.',
    skill: 'A skill was loaded.',
    hook: 'A hook ran.',
    hook_start: 'A hook that may stop what follows began.',
  },
  mcp: {
    call: 'A tool of an MCP server was called.',
    connect: 'An MCP server was connected, or could not be.',
    disconnect: 'An MCP server went away.',
    request: 'Another request to an MCP server.',
  },
  session: {
    start: 'A session began, or was resumed by another process.',
    spawn: 'A session was started by another one (`parentSessionId`).',
    end: 'A session ended.',
    turn: 'One prompt and all that followed ended.',
    return: 'A sub-agent handed back its result.',
    message: 'One agent wrote to another in a way that is neither of these.',
    review_start:
      'A session began with the settings of an automatic reviewer; a sub-agent that may write nothing has the same.',
  },
  auth: { sign_in: 'The agent signed in or out, or renewed its access.' },
  config: {
    load: 'Settings or an extension were loaded.',
    register: 'A hook, plugin or agent was registered.',
    change: 'The permission mode changed.',
  },
  telemetry: {
    usage: 'A measurement; its numbers stay in `attributes`, so that nothing is counted twice.',
    event: 'Something the agent reports that has no category yet.',
    skip: 'A record that says nothing else here; its number is kept, so that it is not taken for missing.',
  },
} as const satisfies Record<Category, Record<string, string>>;

/** A category together with one of its actions. */
export type Activity = {
  [C in Category]: { readonly category: C; readonly action: keyof (typeof ACTIONS)[C] };
}[Category];

type DecisionFields = Pick<AgentEvent, 'decision' | 'decisionScope'>;

const DECISIONS: Readonly<Record<string, DecisionFields>> = {
  accept: { decision: 'approved' },
  accepted: { decision: 'approved' },
  allow: { decision: 'approved' },
  approve: { decision: 'approved' },
  approved: { decision: 'approved' },
  auto_accept: { decision: 'approved' },
  modify: { decision: 'approved' },
  approved_for_session: { decision: 'approved', decisionScope: 'session' },
  approved_execpolicy_amendment: { decision: 'approved', decisionScope: 'always' },
  network_policy_amendment: { decision: 'approved', decisionScope: 'always' },
  reject: { decision: 'denied' },
  rejected: { decision: 'denied' },
  deny: { decision: 'denied' },
  denied: { decision: 'denied' },
  abort: { decision: 'aborted' },
  aborted: { decision: 'aborted' },
  timed_out: { decision: 'timed_out' },
};

/** Normalises an agent's word for a decision; `unknown` if it is not in the table. */
export function decisionOf(word: string | undefined): DecisionFields {
  return (
    (word !== undefined && Object.hasOwn(DECISIONS, word) ? DECISIONS[word] : undefined) ?? { decision: 'unknown' }
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  Config: 'config',
  User: 'user',
  AutomatedReviewer: 'reviewer',
  user_temporary: 'user',
  user_permanent: 'user',
  user_reject: 'user',
  user_abort: 'user',
};

/** Who decided, in one spelling: `config`, `user`, `hook`, `reviewer`; another word stays as it is. */
export function decisionSourceOf(word: string | undefined): string | undefined {
  return word === undefined ? undefined : Object.hasOwn(SOURCES, word) ? SOURCES[word] : word;
}

/** What a decision means for the call: only an approval lets it go on. */
export function outcomeOfDecision(decision: AgentEvent['decision']): AgentEvent['outcome'] {
  switch (decision) {
    case 'approved':
      return 'success';
    case 'denied':
    case 'aborted':
    case 'timed_out':
      return 'denied';
    default:
      return 'unknown';
  }
}

/** `success` for true, `failure` for false, `unknown` if the agent does not report it. */
export function outcomeOfSuccess(success: boolean | undefined): AgentEvent['outcome'] {
  return success === undefined ? 'unknown' : success ? 'success' : 'failure';
}
