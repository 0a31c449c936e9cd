import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AgentEvent } from '../schemas/agent-event.ts';
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
// Put together here so that no scanner takes this file for a leak.
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
    const redacted = redact(event({ commandLine }));
    expect(redacted.commandLine).not.toContain(secret);
    expect(redacted.commandLine).toContain(`[REDACTED:${kind}]`);
    expect(redacted.redactions).toContain(`commandLine:${kind}`);
  });

  it('looks into arguments and attributes too', () => {
    const redacted = redact(
      event({ arguments: ['-H', GITHUB], attributes: { 'tool.input': `{"key":"${AWS}"}`, other: 'x' } }),
    );
    expect(redacted.arguments).toEqual(['-H', '[REDACTED:github-token]']);
    expect(redacted.attributes).toEqual({ 'tool.input': '{"key":"[REDACTED:aws-access-key]"}', other: 'x' });
  });

  it('names a key that is cut between the halves of a character', () => {
    const key = `${'k'.repeat(88)}😀`;
    const { redactions } = AgentEvent.parse(redact(event({ attributes: { [key]: GITHUB } })));
    expect(redactions).toEqual([`attributes.${'k'.repeat(88)}\ufffd:github-token`]);
  });

  it.each([256, 257, 400])('lists %i findings, or says how many it leaves out', (count) => {
    const attributes = Object.fromEntries(Array.from({ length: count }, (_, n) => [`key.${n}`, GITHUB]));
    const { redactions } = AgentEvent.parse(redact(event({ attributes })));
    expect(redactions).toHaveLength(256);
    const last = count === 256 ? 'attributes.key.255:github-token' : `and ${count - 255} more`;
    expect(redactions?.at(-1)).toBe(last);
  });

  it.each([
    'git log --author=bearer',
    'curl -fsSL https://example.com/a@b',
    'echo sk-short',
    'ls AKIA',
    'ssh://git@github.com/a/b.git',
    'curl http://$USER:$PASS@host/',
  ])('leaves %j alone', (commandLine) => expect(redact(event({ commandLine })).commandLine).toBe(commandLine));

  it('gives back the very event where nothing was found', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }).filter((text) => !/[:@]/.test(text)),
        (text) => {
          const input = event({ commandLine: `ls ${text}` });
          const output = redact(input);
          return output === input || output.redactions !== undefined;
        },
      ),
    );
  });
});
