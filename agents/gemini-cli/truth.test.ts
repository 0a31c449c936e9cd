/** Compares each call that Gemini CLI and Qwen Code were scripted to make with the events of their captures. */
import { describe, expect, it } from '@jest/globals';
import { eventsIn, fateOf, indexOf, mapScenario, scenariosOf } from '../../test/support/telemetry/read-captures.ts';
import type { EventDraft } from '../mapping/mapping.ts';

interface Step {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The calls that the mock model asked for, in order; `parallel` holds several. */
const stepsOf = (agent: 'gemini-cli' | 'qwen-code', scenario: string): readonly Step[] =>
  (indexOf(agent, scenario).steps ?? [])
    .flatMap((step) => (Array.isArray(step['parallel']) ? (step['parallel'] as (typeof step)[]) : [step]))
    .flatMap(({ call, args }) => (typeof call === 'string' ? [{ tool: call, args: args as Step['args'] }] : []));

const CALLS: ReadonlySet<string> = new Set(['command', 'file', 'network', 'mcp', 'tool']);
const callsIn = (events: readonly EventDraft[]): readonly EventDraft[] =>
  events.filter(({ category, toolName }) => CALLS.has(category) && toolName !== undefined);
const decisionsIn = (events: readonly EventDraft[]): readonly EventDraft[] =>
  events.filter(({ category }) => category === 'approval');

/** Scenarios with content on; Gemini's `default-denied` has it off. */
const telling = [
  ...['auto-edit', 'full-content', 'tools-yolo'].map((scenario) => ({ agent: 'gemini-cli' as const, scenario })),
  ...['basic', 'default-denied'].map((scenario) => ({ agent: 'qwen-code' as const, scenario })),
];

describe.each(telling)('$agent/$scenario', ({ agent, scenario }) => {
  const steps = stepsOf(agent, scenario);
  const events = eventsIn(mapScenario(agent, scenario));
  const calls = callsIn(events);

  it('has one event for each requested call, with its arguments', () => {
    expect(steps.length).toBeGreaterThan(1);
    expect(calls.map(({ toolName }) => toolName)).toEqual(steps.map(({ tool }) => tool));
    for (const [index, { tool, args }] of steps.entries()) {
      const event = calls[index];
      expect([tool, event?.commandLine]).toEqual([tool, args['command']]);
      const path = args['file_path'] ?? args['dir_path'];
      expect([tool, event?.filePath]).toEqual([tool, path]);
      const text = args['content'];
      if (typeof text === 'string') expect(event?.fileBytes).toBe(Buffer.byteLength(text));
    }
  });

  it('has a decision for each decided call, and none for calls that were never decided', () => {
    const decided = calls.filter(({ attributes }) => attributes['vigil.refusal'] === 'rule' || attributes['decision']);
    expect(decisionsIn(events).map(({ toolName, time }) => [toolName, time])).toEqual(
      decided.map(({ toolName, time }) => [toolName, time]),
    );
  });
});

describe('outcomes and exit codes', () => {
  const told = (agent: 'gemini-cli' | 'qwen-code', scenario: string): readonly unknown[] =>
    callsIn(eventsIn(mapScenario(agent, scenario))).map(({ commandLine, filePath, toolName, outcome, exitCode }) => [
      (commandLine ?? filePath ?? toolName)?.replace(/.*(?:\/workspace|\/outside)\//, ''),
      outcome,
      exitCode,
    ]);

  it('are those of the captured run (Gemini CLI)', () => {
    expect(told('gemini-cli', 'tools-yolo')).toEqual([
      ['.', 'success', undefined],
      ['README.md', 'success', undefined],
      ['ls -la', 'success', undefined],
      ['src/greeting.js', 'success', undefined],
      ['README.md', 'success', undefined],
      [expect.stringMatching(/^curl /), 'success', undefined],
      ['outside.txt', 'success', undefined],
      ['outside2.txt', 'denied', undefined],
      ['web_fetch', 'failure', undefined],
      ['exit 3', 'failure', 3],
    ]);
  });

  it('are those of the captured run (Qwen Code)', () => {
    expect(told('qwen-code', 'basic')).toEqual([
      ['glob', 'success', undefined],
      ['README.md', 'success', undefined],
      ['ls -la', 'success', undefined],
      ['src/greeting.js', 'success', undefined],
      ['README.md', 'success', undefined],
      [expect.stringMatching(/^curl /), 'success', undefined],
      ['exit 3', 'failure', 3],
      ['outside.txt', 'success', undefined],
    ]);
    expect(told('qwen-code', 'default-denied').map((row) => (row as unknown[])[1])).toEqual([
      'success',
      'denied',
      'denied',
    ]);
  });

  it('without content the call is reported, without line or path', () => {
    const calls = callsIn(eventsIn(mapScenario('gemini-cli', 'default-denied')));
    expect(calls.map(({ category, action, toolName, outcome }) => [category, action, toolName, outcome])).toEqual([
      ['file', 'read', 'read_file', 'success'],
      ['command', 'run', 'run_shell_command', 'denied'],
      ['file', 'create', 'write_file', 'denied'],
    ]);
    for (const call of calls)
      expect([call.commandLine, call.filePath, call.exitCode]).toEqual([undefined, undefined, undefined]);
  });
});

describe('sessions', () => {
  it('start with their mode, and Gemini’s sandbox flag is trusted only when it is false', () => {
    const start = (agent: 'gemini-cli' | 'qwen-code', scenario: string): readonly unknown[] =>
      eventsIn(mapScenario(agent, scenario))
        .filter(({ category, action }) => category === 'session' && action === 'start')
        .map(({ approvalMode, sandboxMode, attributes }) => [approvalMode, sandboxMode, attributes['sandbox_enabled']]);
    expect(start('gemini-cli', 'tools-yolo')).toEqual([['yolo', undefined, 'true']]);
    expect(start('gemini-cli', 'auto-edit')).toEqual([['autoEdit', undefined, 'true']]);
    expect(start('qwen-code', 'basic')).toEqual([['yolo', 'none', 'false']]);
  });

  it('count each model call and its tokens once, although other records repeat them', () => {
    for (const [agent, scenario] of [
      ['gemini-cli', 'tools-yolo'],
      ['qwen-code', 'basic'],
    ] as const) {
      const requests = mapScenario(agent, scenario);
      const answers = requests.flatMap(({ records }) =>
        records.filter(({ record }) => record.signal === 'log' && record.peek('event.name')?.endsWith('.api_response')),
      );
      const counted = eventsIn(requests).filter(
        ({ inputTokens, outputTokens }) => inputTokens !== undefined || outputTokens !== undefined,
      );
      expect(answers.length).toBeGreaterThan(5);
      expect(counted).toHaveLength(answers.length);
      for (const { category, action } of counted) expect([category, action]).toEqual(['model', 'request']);
    }
  });

  it('are not read from spans, except Qwen’s turns', () => {
    for (const agent of ['gemini-cli', 'qwen-code'] as const) {
      for (const scenario of scenariosOf(agent)) {
        const spans = mapScenario(agent, scenario).flatMap(({ records }) =>
          records.filter(({ record }) => record.signal === 'span'),
        );
        expect(spans.length).toBeGreaterThan(5);
        const events = spans.filter(({ mapped }) => fateOf(mapped) === 'events');
        expect(events.map(({ record }) => record.name)).toEqual(agent === 'qwen-code' ? ['qwen-code.interaction'] : []);
      }
    }
  });
});
