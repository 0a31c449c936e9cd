import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { hash128 } from '../../platform/hash.ts';
import { redact } from './redact.ts';

const event = (fields: Partial<AgentEvent>): AgentEvent => ({
  eventId: '0'.repeat(32),
  tenant: 't',
  actor: 's/user:u',
  sender: 's',
  agentName: 'codex',
  sessionId: 'x',
  time: 1,
  receivedAt: 1,
  category: 'command',
  action: 'run',
  outcome: 'success',
  signal: 'log',
  mapping: 'codex@1',
  attributes: {},
  ...fields,
});
const redacted = (input: AgentEvent): AgentEvent => redact(input, hash128);
// Assembled here so that no scanner reports this file as a leak.
const AWS = `AKIAIOSFODNN7EXAMPLE`;
const GITHUB = `ghp_${'a1B2'.repeat(9)}`;
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N`;

describe('redact', () => {
  it.each([
    ['aws-access-key', `aws configure set aws_access_key_id ${AWS}`, AWS],
    ['github-token', `git clone https://x:${GITHUB}@github.com/a/b`, GITHUB],
    ['jwt', `curl -H "Authorization: Bearer ${JWT}" https://api.example`, JWT],
    [
      'authorization',
      'curl -H "authorization: bearer abcdefghij0123456789" https://api.example',
      'abcdefghij0123456789',
    ],
    ['url-password', 'psql postgres://admin:hunter22@db.example/app', 'hunter22'],
    ['private-key', `echo "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----" > k`, 'MIIEabc'],
  ])('takes a %s out of a command and says so', (kind, commandLine, secret) => {
    const result = redacted(event({ commandLine }));
    expect(result.commandLine).not.toContain(secret);
    expect(result.commandLine).toContain(`[REDACTED:${kind}]`);
    expect(result.redactions).toContain(`commandLine:${kind}`);
  });

  it('looks into arguments and attributes too', () => {
    const result = redacted(
      event({ arguments: ['-H', GITHUB], attributes: { 'tool.input': `{"key":"${AWS}"}`, other: 'x' } }),
    );
    expect(result.arguments).toEqual(['-H', '[REDACTED:github-token]']);
    expect(result.attributes).toEqual({ 'tool.input': '{"key":"[REDACTED:aws-access-key]"}', other: 'x' });
  });

  it('names a key that is cut between the halves of a character', () => {
    const key = `${'k'.repeat(88)}😀`;
    const { redactions } = AgentEvent.parse(redacted(event({ attributes: { [key]: GITHUB } })));
    expect(redactions).toEqual([`attributes.${'k'.repeat(88)}\ufffd:github-token`]);
  });

  it.each([256, 257, 400])('lists %i findings, or says how many it leaves out', (count) => {
    const attributes = Object.fromEntries(Array.from({ length: count }, (_, n) => [`key.${n}`, GITHUB]));
    const { redactions } = AgentEvent.parse(redacted(event({ attributes })));
    expect(redactions).toHaveLength(256);
    const last = count === 256 ? 'attributes.key.255:github-token' : `and ${count - 255} more`;
    expect(redactions?.at(-1)).toBe(last);
  });

  it('removes a secret that one field reveals from all fields', () => {
    const result = redacted(
      event({
        commandLine: 'PGPASSWORD=kq77-Zt9wX psql',
        arguments: ['x', 'it is kq77-Zt9wX'],
        reason: 'no entry with kq77-Zt9wX',
        attributes: { note: 'kq77-Zt9wX', 'db.password': 'correct horse', 'db.passwords': '12' },
      }),
    );
    expect(JSON.stringify(result)).not.toMatch(/kq77|correct horse/);
    expect(result.attributes['db.passwords']).toBe('12');
    expect(result.redactions).toEqual([
      'commandLine:environment-secret',
      'attributes.db.password:named-secret',
      'reason:environment-secret',
      'arguments:environment-secret',
      'attributes.note:environment-secret',
    ]);
  });

  it('looks into ids and keys, and keeps them apart', () => {
    const other = GITHUB.replace('a1', 'b2');
    const [one, two] = [GITHUB, other].map((sessionId) =>
      redacted(event({ sessionId, attributes: { [sessionId]: '1' } })),
    );
    expect(one?.sessionId).toMatch(/^\[REDACTED:github-token\]#[0-9a-f]{32}$/);
    expect(one?.sessionId).not.toBe(two?.sessionId);
    expect(one?.attributes).toEqual({ '[REDACTED:github-token]': '1' });
    const both = redacted(event({ attributes: { [GITHUB]: '1', [other]: '2' } }));
    expect(Object.values(both.attributes)).toEqual(['1', '2']);
  });

  it('cuts a text that markers make too long, and marks the cut', () => {
    const reason = 'https://u:p4ss@h '.repeat(240);
    const result = AgentEvent.parse(redacted(event({ reason, arguments: ['https://u:p4ss@h '.repeat(3855)] })));
    expect(result.reason).toHaveLength(4096);
    expect(Number(result.attributes['vigil.cut.reason'])).toBeGreaterThan(4096);
    expect(result.arguments?.[0]?.length).toBeLessThanOrEqual(65_536);
  });

  it.each([
    'git log --author=bearer',
    'curl -fsSL https://example.com/a@b',
    'echo sk-short',
    'ls AKIA',
    'ssh://git@github.com/a/b.git',
    'curl http://$USER:$PASS@host/',
  ])('leaves %j alone', (commandLine) => expect(redacted(event({ commandLine })).commandLine).toBe(commandLine));

  it('returns the same object if nothing was found', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }).filter((text) => !/[:@]/.test(text)),
        (text) => {
          const input = event({ commandLine: `ls ${text}` });
          const output = redacted(input);
          return output === input || output.redactions !== undefined;
        },
      ),
    );
  });
});
