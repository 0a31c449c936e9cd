import { describe as group, expect, it } from '@jest/globals';
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import { anEvent, aStory } from '../../testing/fixtures.ts';
import { describe } from './describe.ts';

const described = (fields: Partial<AgentEvent> & Pick<AgentEvent, 'category'>) => {
  const { label, main, tone, note, figures } = describe(anEvent('one', fields));
  return { label, main, tone, note, figures: figures.map(({ text }) => text) };
};

group('what an event was', () => {
  it.each([
    {
      name: 'a command that worked',
      fields: {
        category: 'command',
        commandLine: 'ls',
        exitCode: 0,
        outcome: 'success',
        durationMs: 87,
        outputBytes: 2048,
      },
      as: { label: 'Command', main: 'ls', tone: 'plain', figures: ['exit 0', '87 ms', '2.0 KiB out'] },
    },
    {
      name: 'a command that failed',
      fields: { category: 'command', commandLine: 'make', exitCode: 2, outcome: 'failure' },
      as: { label: 'Command', main: 'make', tone: 'fail', figures: ['exit 2'] },
    },
    {
      name: 'a command whose agent does not report the exit code',
      fields: { category: 'command', commandLine: 'make', outcome: 'success' },
      as: { label: 'Command', main: 'make', tone: 'plain', figures: ['exit ?', 'ok'] },
    },
    {
      name: 'an exit code that contradicts the outcome',
      fields: { category: 'command', commandLine: 'grep -q x', exitCode: 1, outcome: 'success' },
      as: { label: 'Command', main: 'grep -q x', tone: 'fail', figures: ['exit 1', 'ok'] },
    },
    {
      name: 'a refused command, with the reason and without an invented exit code',
      fields: { category: 'command', commandLine: 'rm -rf /', outcome: 'denied', reason: 'rejected by user' },
      as: { label: 'Command refused', main: 'rm -rf /', tone: 'stop', note: 'rejected by user', figures: ['denied'] },
    },
    {
      name: 'a reason that only repeats the outcome',
      fields: { category: 'command', commandLine: 'rm x', outcome: 'denied', reason: 'denied' },
      as: { label: 'Command refused', main: 'rm x', tone: 'stop', note: undefined, figures: ['denied'] },
    },
    {
      name: 'a prompt whose text is not kept',
      fields: { category: 'prompt', contentLength: 4120 },
      as: { label: 'Prompt', main: undefined, tone: 'plain', figures: ['4,120 chars'] },
    },
    {
      name: 'a prompt whose text is kept',
      fields: { category: 'prompt', attributes: { prompt: 'do it' } },
      as: { label: 'Prompt', main: 'do it', tone: 'plain', figures: [] },
    },
    {
      name: 'a network request that was denied',
      fields: {
        category: 'network',
        networkHost: 'x.example',
        networkPort: 443,
        decision: 'denied',
        outcome: 'denied',
        decisionSource: 'baseline_policy',
      },
      as: { label: 'Network denied', main: 'x.example:443', tone: 'stop', figures: ['by baseline_policy', 'denied'] },
    },
    {
      name: 'an approval by a person',
      fields: {
        category: 'approval',
        decision: 'approved',
        decisionSource: 'user',
        decisionScope: 'always',
        durationMs: 1500,
        toolName: 'exec',
      },
      as: { label: 'Approved', main: 'exec', tone: 'grant', figures: ['by user', 'permanently', '1.5 s'] },
    },
    {
      name: 'an approval by configuration, which is routine',
      fields: { category: 'approval', decision: 'approved', decisionSource: 'config' },
      as: { label: 'Approved', main: undefined, tone: 'quiet', figures: ['by config'] },
    },
    {
      name: 'an approval that nobody answered',
      fields: { category: 'approval', decision: 'timed_out' },
      as: { label: 'Nobody answered', main: undefined, tone: 'stop', figures: [] },
    },
    {
      name: 'an action that the sandbox stopped',
      fields: { category: 'sandbox', sandboxOutcome: 'denied', toolName: 'exec_command' },
      as: { label: 'Sandbox stop', main: 'exec_command', tone: 'stop', figures: [] },
    },
    {
      name: 'a sandbox that allowed the action',
      fields: { category: 'sandbox', sandboxOutcome: 'allowed', commandLine: 'touch x' },
      as: { label: 'Sandbox', main: 'touch x', tone: 'plain', figures: [] },
    },
    {
      name: 'a deleted file',
      fields: { category: 'file', filePath: 'a.ts', fileOperation: 'delete', outcome: 'success' },
      as: { label: 'File deleted', main: 'a.ts', tone: 'plain', figures: ['ok'] },
    },
  ] as const)('describes $name', ({ fields, as }) => {
    expect(described(fields as unknown as Parameters<typeof described>[0])).toEqual({ note: undefined, ...as });
  });

  it('has words for every kind of event', () => {
    for (const event of aStory()) expect(describe(event).label).not.toBe('');
    for (const category of ['auth', 'config', 'telemetry', 'session'] as const)
      expect(described({ category, action: 'changed' })).toMatchObject({ main: 'changed' });
  });
});
