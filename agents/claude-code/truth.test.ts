/** Claude Code's captured sessions against what the CLI itself said happened (`index.json`): nothing missing, nothing invented. */
import { describe, expect, it } from '@jest/globals';
import { eventsIn, indexOf, mapScenario, scenariosOf } from '../../test/support/telemetry/read-captures.ts';
import type { EventDraft } from '../mapping/mapping.ts';

const AGENT = 'claude-code';

/** A hook replaced this command; what ran, and is logged, is the new one. */
const REPLACED: Readonly<Record<string, string>> = { 'echo before': 'echo after' };

/**
 * The CLI was killed while this ran. It exports the decision and no result: the approval with its command is the only record,
 * and a result would be a guess.
 */
const KILLED = 'sleep 20; echo never';

/** Allowed, by its decision, and then refused by the tool itself (its type is on the deny list). */
const isRefusedAgent = (name: string): boolean => name === 'Agent';

const of = (events: readonly EventDraft[], category: string, action: string): readonly EventDraft[] =>
  events.filter((event) => event.category === category && event.action === action);

describe.each(scenariosOf(AGENT))('%s', (scenario) => {
  const truth = indexOf(AGENT, scenario);
  const events = eventsIn(mapScenario(AGENT, scenario));
  const details = truth.telemetry?.details !== false;

  it('reports the commands that ran, with their outcome', () => {
    const monitors = new Set((truth.tools ?? []).filter(({ name }) => name === 'Monitor').map(({ id }) => id));
    const ran = of(events, 'command', 'run').filter(({ callId }) => !monitors.has(callId ?? ''));
    const finished = (truth.commands ?? []).filter(({ command }) => command !== KILLED);
    const expected = finished.map(({ command, ok }) => {
      const line = details ? (REPLACED[command] ?? command) : '';
      return `${ok ? 'success' : 'failure'} ${line}`;
    });
    expect(ran.map(({ outcome, commandLine }) => `${outcome} ${commandLine ?? ''}`).sort()).toEqual(expected.sort());
    expect(of(events, 'command', 'run').filter(({ callId }) => monitors.has(callId ?? ''))).toHaveLength(monitors.size);
  });

  it('reports an exit code only for a background command that ended after its turn', () => {
    expect(of(events, 'command', 'run').filter(({ exitCode }) => exitCode !== undefined)).toEqual([]);
    for (const { callId, exitCode, outcome } of of(events, 'command', 'finish')) {
      const run = of(events, 'command', 'run').find((event) => event.callId === callId);
      const command = (truth.commands ?? []).find((one) => one.command === run?.commandLine);
      expect(command?.background).toBe(true);
      expect(exitCode).toBe(command?.exit);
      expect(outcome).toBe(exitCode === 0 ? 'success' : 'failure');
    }
  });

  it('reports the files that changed', () => {
    const changed = events.filter(
      ({ category, fileOperation, outcome }) =>
        category === 'file' && outcome === 'success' && ['create', 'update'].includes(fileOperation ?? ''),
    );
    const expected = (truth.fileChanges ?? []).map(({ path }) => (details ? path : ''));
    expect(changed.map(({ filePath }) => filePath ?? '').sort()).toEqual(expected.sort());
  });

  it('reports each decision once, and none for a call that was never decided', () => {
    const decisions = of(events, 'approval', 'decide');
    const expected = (truth.tools ?? [])
      .filter(({ decision }) => decision !== 'none')
      .map(({ id, name, decision }) => {
        const told = decisions.find(({ callId }) => callId === id)?.decision;
        const refused = decision === 'reject' && !(isRefusedAgent(name) && told === 'approved');
        return `${id} ${refused ? 'denied' : 'approved'}`;
      });
    expect(decisions.map(({ callId, decision }) => `${callId ?? ''} ${decision ?? ''}`).sort()).toEqual(
      expected.sort(),
    );
  });

  it('reports the outcome of every tool call that ran', () => {
    const results = events.filter(
      ({ category, action, callId }) =>
        callId !== undefined &&
        !['approval', 'sandbox', 'prompt'].includes(category) &&
        !['describe', 'finish'].includes(action),
    );
    const killed = of(events, 'approval', 'decide').find(({ commandLine }) => commandLine === KILLED)?.callId;
    const expected = (truth.tools ?? [])
      .filter(({ id, decision, ok }) => decision === 'accept' && ok !== null && id !== killed)
      .map(({ id, ok }) => `${id} ${ok === true ? 'success' : 'failure'}`);
    expect(results.map(({ callId, outcome }) => `${callId ?? ''} ${outcome}`).sort()).toEqual(expected.sort());
  });

  it('keeps what a refused call wanted, if any record says it', () => {
    for (const { id, name, input } of truth.denied ?? []) {
      const about = events.filter(({ callId }) => callId === id);
      if (about.length === 0 || !details) continue;
      if (name === 'Bash') expect(about.map(({ commandLine }) => commandLine)).toContain(input['command']);
      if (['Write', 'Edit', 'Read'].includes(name)) {
        const described = about.filter(({ action }) => action === 'describe');
        expect(described.map(({ filePath }) => filePath)).toEqual([input['file_path']]);
        expect(about.filter(({ category }) => category === 'file')).toEqual([]);
      }
    }
  });

  it('distinguishes prompts of people from those of programs', () => {
    // A slash command and each line of a resumed session is a prompt; notifications are not.
    expect(of(events, 'prompt', 'submit')).toHaveLength(truth.prompts?.length ?? 0);
    expect(of(events, 'prompt', 'notify').length > 0).toBe(scenario === 'background');
  });

  it('names the one session', () => {
    expect([...new Set(events.map(({ sessionId }) => sessionId))]).toEqual([truth.sessionId]);
  });
});

describe('details of single scenarios', () => {
  const events = (scenario: string): readonly EventDraft[] => eventsIn(mapScenario(AGENT, scenario));

  it('reports the scope and source of what a person allowed', () => {
    const byPerson = of(events('user-approvals'), 'approval', 'decide')
      .filter(({ decisionSource }) => decisionSource === 'user')
      .map(({ decision, decisionScope }) => `${decision ?? ''} ${decisionScope ?? ''}`);
    // The fourth answer was not needed: the third held for the same command.
    expect(byPerson).toEqual(['approved once', 'denied ', 'approved always', 'approved once', 'denied ', 'denied ']);
  });

  it('reports hooks that block, fail and allow', () => {
    const hooks = of(events('hooks'), 'tool', 'hook').map(({ outcome }) => outcome);
    expect(new Set(hooks)).toEqual(new Set(['success', 'denied', 'failure']));
    const decided = of(events('hooks'), 'approval', 'decide').filter(({ decisionSource }) => decisionSource === 'hook');
    expect(decided.map(({ decision }) => decision).sort()).toEqual(['approved', 'approved', 'denied', 'denied']);
  });

  it('marks commands of sub-agents', () => {
    const ran = of(events('sub-agent'), 'command', 'run');
    const byAgent = ran.filter(({ agentId }) => agentId !== undefined).map(({ commandLine }) => commandLine);
    expect(byAgent.sort()).toEqual(['exit 5', 'sleep 0.5; echo watched', 'whoami && id']);
  });

  it('names the call of each span that a call ran in', () => {
    const spans = of(events('sub-agent'), 'tool', 'describe').filter(({ toolName }) => toolName === undefined);
    const ran = indexOf(AGENT, 'sub-agent').tools?.filter(({ decision }) => decision === 'accept');
    expect(spans.map(({ callId }) => callId).sort()).toEqual(ran?.map(({ id }) => id).sort());
  });

  it('names the host and port of fetched addresses', () => {
    const fetched = of(events('web-fetch'), 'network', 'fetch');
    expect(fetched.map(({ networkHost, networkProtocol }) => `${networkProtocol ?? ''} ${networkHost ?? ''}`)).toEqual([
      'https 127.0.0.1',
      'https 127.0.0.1',
      'http 127.0.0.1',
      'http 127.0.0.1',
    ]);
    expect(fetched.at(-1)?.networkPort).toBe(9);
  });

  it('reads the working directory when it is exported', () => {
    expect([
      ...new Set(
        events('content')
          .filter(({ signal }) => signal === 'log')
          .map(({ cwd }) => cwd),
      ),
    ]).toHaveLength(1);
    expect(events('content').find(({ category }) => category === 'command')?.cwd).toMatch(/\/workspace$/);
  });

  it('names program and server from the spans when the details are off', () => {
    const described = of(events('no-details'), 'tool', 'describe').filter(({ toolName }) => toolName !== undefined);
    expect(described.map(({ attributes, mcpServer }) => attributes['bash_argv0'] ?? mcpServer)).toEqual([
      'ls',
      'exit',
      'rm',
      'notes',
      'cat',
    ]);
  });

  it('keeps the model calls of refused, failed and compacted turns apart', () => {
    expect(of(events('refusal'), 'model', 'refusal').map(({ reason }) => reason)).toEqual(['cyber', 'cyber', 'cyber']);
    expect(of(events('api-error-final'), 'model', 'error')).toHaveLength(1);
    expect(of(events('api-error-exhausted'), 'model', 'give_up')).toHaveLength(1);
    expect(of(events('compaction'), 'model', 'compact')).toHaveLength(1);
  });

  it('reports a call outside of the sandbox', () => {
    const escalated = of(events('bypass'), 'sandbox', 'escalate');
    expect(escalated.map(({ outcome, commandLine }) => `${outcome} ${commandLine?.slice(0, 3) ?? ''}`)).toEqual([
      'success sh ',
    ]);
  });

  it('keeps usage metrics out of the token counts', () => {
    const usage = of(events('hello'), 'telemetry', 'usage');
    expect(usage.map(({ attributes }) => attributes['metric.name'])).toContain('claude_code.token.usage');
    expect(usage.filter(({ inputTokens, outputTokens, costUsd }) => inputTokens ?? outputTokens ?? costUsd)).toEqual(
      [],
    );
  });
});
