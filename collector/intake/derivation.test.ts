import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EFFECTS_PER_LINE } from '../../shell/effects/effects.ts';
import { hashParts } from '../../platform/hash.ts';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { createLineReading } from './derivation.ts';
import { redact } from '../privacy/redact.ts';
import { runs } from '../../test/support/runs.ts';

const command = (fields: Partial<AgentEvent> = {}): AgentEvent => ({
  eventId: '0'.repeat(32),
  tenant: 't',
  actor: 's/user:ann',
  sender: 's',
  userId: 'ann',
  agentName: 'codex',
  sessionId: 'one',
  parentSessionId: 'none of the derived ones tells it',
  turnId: 'turn',
  callId: 'call',
  spanId: '0123456789abcdef',
  time: 1_000,
  receivedAt: 2_000,
  sequence: 7,
  cwd: '/srv/app',
  category: 'command',
  action: 'run',
  outcome: 'success',
  exitCode: 0,
  durationMs: 5,
  commandLine: 'curl -s https://h.example/x > out/x',
  toolName: 'exec_command',
  signal: 'log',
  mapping: 'codex@1',
  attributes: { 'kept.by': 'the command' },
  ...fields,
});
const read = (fields: Partial<AgentEvent> = {}) => {
  const reading = createLineReading(hashParts);
  const [own, ...derived] = reading.eventsOf(command(fields));
  return { own, derived, counts: reading.counts };
};
const outcomes = (commandLine: string, outcome: AgentEvent['outcome']): string =>
  read({ commandLine, outcome })
    .derived.map((event) => event.outcome)
    .join(' ');

describe('the events that a command implies', () => {
  it('name their command, share its identity, and are valid', () => {
    const { own, derived, counts } = read();
    expect(own).toMatchObject({ eventId: '0'.repeat(32), program: 'curl' });
    const shared = {
      tenant: 't',
      actor: 's/user:ann',
      sender: 's',
      userId: 'ann',
      agentName: 'codex',
      sessionId: 'one',
      turnId: 'turn',
      callId: 'call',
      spanId: '0123456789abcdef',
      time: 1_000,
      receivedAt: 2_000,
      cwd: '/srv/app',
      outcome: 'success',
      program: 'curl',
      toolName: 'exec_command',
      signal: 'log',
      mapping: 'command-line@2',
      derivedFrom: '0'.repeat(32),
    };
    expect(derived).toEqual([
      {
        eventId: hashParts('0'.repeat(32), '>', '0'),
        ...shared,
        category: 'network',
        action: 'contact',
        networkHost: 'h.example',
        networkPort: 443,
        networkProtocol: 'https',
        networkMethod: 'GET',
        attributes: {},
      },
      {
        eventId: hashParts('0'.repeat(32), '>', '1'),
        ...shared,
        category: 'file',
        action: 'create',
        filePath: '/srv/app/out/x',
        fileOperation: 'create',
        attributes: { 'vigil.file_operation': 'create or overwrite' },
      },
    ]);
    for (const event of derived) expect(AgentEvent.safeParse(event).error).toBeUndefined();
    expect(counts).toEqual({
      lines: new Map([['complete', 1]]),
      events: new Map([
        ['network', 1],
        ['file', 1],
      ]),
      leftOut: 0,
    });
  });

  it.each<[string, Partial<AgentEvent>]>([
    ['a command that was refused', { outcome: 'denied' }],
    ['text typed into a running program', { action: 'input' }],
    ['the request to run one', { category: 'sandbox', action: 'escalate' }],
    ['an approval', { category: 'approval', action: 'decide' }],
    ['a line that the agent cut', { attributes: { 'vigil.cut.commandLine': '9000' } }],
  ])('are none for %s', (_what, fields) => {
    const { own, derived, counts } = read(fields);
    expect(own?.program).toBe('curl');
    expect(derived).toEqual([]);
    expect(counts).toEqual({ lines: new Map(), events: new Map(), leftOut: 0 });
  });

  it('have the outcome of their command if its exit status covers them, otherwise an unknown one', () => {
    expect([outcomes('cat a', 'success'), outcomes('cat a', 'failure'), outcomes('cat a', 'unknown')]).toEqual([
      'success',
      'failure',
      'unknown',
    ]);
    expect([outcomes('cat a && cat b', 'success'), outcomes('cat a && cat b', 'failure')]).toEqual([
      'success success',
      'unknown unknown',
    ]);
    expect([outcomes('cat a; cat b', 'success'), outcomes('cat a; cat b', 'failure')]).toEqual([
      'unknown success',
      'unknown failure',
    ]);
  });

  it('have absolute paths if the working directory is known, and mark uncertain paths', () => {
    const pathsOf = (fields: Partial<AgentEvent>) =>
      read(fields).derived.map(({ filePath, cwd, attributes }) => [
        filePath,
        cwd,
        attributes['vigil.path'],
        attributes['vigil.moved_from'],
      ]);
    const commandLine = 'cat ~/a $X/b *.md; mv c d; cd -; cat e';
    expect(pathsOf({ commandLine })).toEqual([
      ['~/a', '/srv/app', undefined, undefined],
      ['$X/b', '/srv/app', 'as written', undefined],
      ['/srv/app/*.md', '/srv/app', 'as written', undefined],
      ['/srv/app/d', '/srv/app', undefined, '/srv/app/c'],
      // This must not be read as a file of the working directory.
      ['e', undefined, 'unknown folder', undefined],
    ]);
    const { cwd: _, ...nowhere } = command({ commandLine: 'cd sub && cat a ../b' });
    const { derived } = { derived: createLineReading(hashParts).eventsOf(nowhere).slice(1) };
    expect(derived.map(({ filePath }) => filePath)).toEqual(['sub/a', 'b']);
    expect(pathsOf({ commandLine: 'cat a', cwd: 'not/absolute' })).toEqual([
      ['a', 'not/absolute', undefined, undefined],
    ]);
  });

  it('say when a line could be read in part only, and where another machine does it', () => {
    const partial = read({ commandLine: 'cat a; echo "unclosed' });
    expect(partial.derived.map(({ attributes }) => attributes)).toEqual([{ 'vigil.parse': 'partial' }]);
    expect(partial.counts.lines).toEqual(new Map([['partial', 1]]));
    const [, there] = read({ commandLine: 'ssh deploy@web1 "curl http://in.side; cat /etc/passwd"' }).derived;
    expect(there).toMatchObject({ networkHost: 'in.side', attributes: { 'vigil.elsewhere': 'ssh deploy@web1' } });
  });

  it('are bounded per line, and the command says how many were left out', () => {
    const { own, derived, counts } = read({
      commandLine: `rm ${Array.from({ length: 100 }, (_, n) => `f${n}`).join(' ')}`,
    });
    expect(derived).toHaveLength(EFFECTS_PER_LINE);
    expect(own?.attributes).toEqual({ 'kept.by': 'the command', 'vigil.cut.derived': String(100 - EFFECTS_PER_LINE) });
    expect(counts.leftOut).toBe(100 - EFFECTS_PER_LINE);
    const long = read({ commandLine: `cat a # ${'x'.repeat(70_000)}` });
    expect([long.derived, long.own?.program, long.counts.lines]).toEqual([[], undefined, new Map([['too_long', 1]])]);
  });

  it('lose their secrets as any event does', () => {
    const token = `ghp_${'a1B2'.repeat(10)}`;
    const { derived } = read({ commandLine: `curl -o /tmp/${token} https://ann:hunter22@h.example` });
    const lines = derived.map((event) => JSON.stringify(redact(event, hashParts)));
    expect(lines.join('\n')).not.toMatch(new RegExp(`${token}|hunter22`));
    expect(lines[1]).toContain('/tmp/[REDACTED:github-token]');
    expect(lines[1]).toContain('"redactions":["filePath:github-token"]');
  });

  it('are valid and deterministic for any line', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'curl',
        'cat',
        'mv',
        'cp',
        '>',
        'cd',
        'http://a.b',
        '$x',
        '*',
        'ssh',
        '|',
        '&&',
        '\ud800',
        'git clone a@b:c',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 16 }),
        fc.option(fc.string({ minLength: 1, maxLength: 20 })),
        (words, cwd) => {
          const fields = { commandLine: words.join(' ').toWellFormed(), cwd: (cwd ?? '/srv').toWellFormed() };
          const { derived } = read(fields);
          for (const event of derived) expect(AgentEvent.safeParse(event).error).toBeUndefined();
          expect(new Set(derived.map(({ eventId }) => eventId)).size).toBe(derived.length);
          expect(read(fields).derived).toEqual(derived);
        },
      ),
      runs(200),
    );
  });
});
