import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash128 } from '../../platform/hash.ts';
import type { EventDraft } from '../../agents/mapping/mapping.ts';
import { readPrivacy } from './privacy-file.ts';
import type { PrivacyAction, PrivacyPolicy } from './privacy.ts';
import { PERSONAL, createPrivacy } from './privacy.ts';
import { createProtection } from './protection.ts';

const draft = (fields: Partial<EventDraft> = {}): EventDraft => ({
  agentName: 'codex',
  sessionId: 's-1',
  category: 'command',
  action: 'run',
  outcome: 'success',
  signal: 'log',
  mapping: 'codex@1',
  attributes: {},
  ...fields,
});
const PERSON = { userId: 'ann-4711', userEmail: 'ann@example.com', host: 'ann-laptop' };
const person = draft({
  ...PERSON,
  cwd: '/home/ann/src',
  commandLine:
    'git config user.email ann@example.com && scp a bob@example.org:/Users/bob/x 10.1.2.3:/tmp && cat C:\\Users\\ann\\n',
  filePath: '/Users/Shared/readme',
  attributes: {
    note: 'ann-laptop of ann-4711',
    'client.address': '203.0.113.9',
    'enduser.name': 'Ann Example',
    fine: 'v1.2.3.4.5',
  },
});
const all = (action: PrivacyAction): PrivacyPolicy => ({
  personal: Object.fromEntries(PERSONAL.map((what) => [what, action])),
  attributes: { 'enduser.name': action },
  contentLength: 0,
});
const pseudonym = (text: string): string => `p-${hash128(text).slice(0, 16)}`;
const treated = (
  policy: PrivacyPolicy,
  event = person,
): { readonly event: EventDraft; readonly kinds: readonly string[] } => {
  const kinds: string[] = [];
  const event_ = createPrivacy(policy, pseudonym)?.draft(event, (kind) => kinds.push(kind)) ?? event;
  return { event: event_, kinds };
};
const NAMES = /ann|bob|Ann|10\.1\.2\.3|203\.0\.113\.9/;

describe('personal data', () => {
  it('is kept where the policy says nothing', () => {
    expect(createPrivacy({ personal: {}, attributes: {}, contentLength: 100 }, pseudonym)).toBeUndefined();
    expect(createPrivacy(all('keep'), pseudonym)).toBeUndefined();
  });

  it.each(['mask', 'pseudonymise', 'drop'] as const)('no longer names a person: %s', (action) => {
    const { event, kinds } = treated(all(action));
    expect(JSON.stringify({ ...event, redactions: [] })).not.toMatch(NAMES);
    expect(event.redactions).toEqual(
      expect.arrayContaining(['userEmail:user-email', 'cwd:personal', 'attributes.enduser.name:attribute']),
    );
    expect(kinds).toHaveLength(event.redactions?.length ?? 0);
    expect(event.filePath).toBe('/Users/Shared/readme');
    expect(event.attributes['fine']).toBe('v1.2.3.4.5');
    expect(event.sessionId).toBe('s-1');
  });

  it('is masked with what it was', () => {
    const { event } = treated(all('mask'));
    expect(event).toMatchObject({
      userId: '[REDACTED:user-id]',
      cwd: '/home/[REDACTED:home-user]/src',
      attributes: { 'client.address': '[REDACTED:ip-address]' },
    });
    expect(event.commandLine).toContain('git config user.email [REDACTED:user-email] && scp');
  });

  it('is dropped, field and all', () => {
    const { event } = treated(all('drop'));
    expect(event).toHaveProperty('userId', undefined);
    expect(event.attributes).not.toHaveProperty('enduser.name');
  });

  it('under a pseudonym is the same person everywhere', () => {
    const { event } = treated(all('pseudonymise'));
    expect(event.userEmail).toBe(pseudonym('ann@example.com'));
    expect(event.commandLine).toContain(`user.email ${pseudonym('ann@example.com')} `);
    expect(event.cwd).toBe(`/home/${pseudonym('ann')}/src`);
    expect(treated(all('pseudonymise')).event).toEqual(event);
  });
});

describe('the identity that names the actor', () => {
  const identity = { account: 'ann-4711', user: 'ann@example.com', install: 'i-1', host: 'ann-laptop' };
  it('follows: a person under a pseudonym stays one actor', () => {
    expect(createPrivacy(all('pseudonymise'), pseudonym)?.identity(identity)).toEqual({
      account: pseudonym('ann-4711'),
      user: pseudonym('ann@example.com'),
      install: pseudonym('i-1'),
      host: pseudonym('ann-laptop'),
    });
  });

  it.each(['mask', 'drop'] as const)('names nobody under %s', (action) => {
    expect(createPrivacy(all(action), pseudonym)?.identity(identity)).toEqual({});
    const hosts = createPrivacy({ ...all('keep'), personal: { userEmail: action } }, pseudonym);
    expect(hosts?.identity({ user: 'ann@example.com', host: 'h' })).toEqual({ host: 'h' });
  });
});

describe('a rejected record', () => {
  const protectionOf = (policy: PrivacyPolicy) =>
    createProtection({ policy, privacy: createPrivacy(policy, pseudonym) }, hash128, () => undefined);

  it('loses what can be seen in a text, and is withheld where names cannot', () => {
    const addresses = protectionOf({ ...all('keep'), personal: { emailAddress: 'mask', homeUser: 'drop' } });
    expect(addresses.refused('ann@example.com in /home/ann/x')).toBe('[REDACTED:email-address] in /home//x');
    expect(protectionOf(all('mask')).refused('"user.id":"ann-4711"')).toMatch(/^\[WITHHELD/);
    expect(protectionOf(all('mask')).detail('log x: "ann" is no time')).toBe('log x: …');
  });
});

describe('the text of a prompt', () => {
  const kept = (contentLength: number, text: string): EventDraft['attributes'] => {
    const policy = { personal: {}, attributes: {}, contentLength };
    const protection = createProtection({ policy, privacy: undefined }, hash128, () => undefined);
    const protectedDraft = protection.draft({ ...draft(), content: text });
    expect(protectedDraft).not.toHaveProperty('content');
    return protectedDraft.attributes;
  };
  it('leaves, and comes back up to a length where the policy asks for it, without its secrets', () => {
    expect(kept(0, 'make it so')).toEqual({});
    expect(kept(20, 'make it so')).toEqual({ 'vigil.content': 'make it so' });
    expect(kept(4, 'make it so')).toEqual({ 'vigil.content': 'make', 'vigil.cut.content': '10' });
    expect(kept(60, `use ghp_${'a1B2'.repeat(9)} now`)).toEqual({ 'vigil.content': 'use [REDACTED:github-token] now' });
    // Not even the part of one that lies before the cut.
    expect(kept(20, `use ghp_${'a1B2'.repeat(9)} now`)['vigil.content']).toBe('use [REDACTED:github');
  });
});

describe('the file of policies', () => {
  const KEY = 'k'.repeat(32);
  const fileOf = (content: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'vigil-privacy-')), 'privacy.yaml');
    writeFileSync(path, content);
    return path;
  };

  it('is by tenant, else the default, else nothing', () => {
    const path = fileOf(
      'default:\n  userEmail: pseudonymise\ntenants:\n  acme:\n    host: mask\n    contentLength: 500\n',
    );
    const privacyOf = readPrivacy({ VIGIL_PRIVACY: path, VIGIL_PRIVACY_KEY: KEY });
    expect(privacyOf('acme').policy).toEqual({ personal: { host: 'mask' }, attributes: {}, contentLength: 500 });
    expect(privacyOf('other').policy.personal).toEqual({ userEmail: 'pseudonymise' });
    expect(readPrivacy({}).call(undefined, 'any').privacy).toBeUndefined();
    const [one, two, again] = ['one', 'two', 'one'].map((tenant) =>
      privacyOf(tenant).privacy?.identity({ user: 'ann@example.com' }),
    );
    expect(one).toEqual({ user: expect.stringMatching(/^p-[0-9a-f]{16}$/) });
    expect(one).toEqual(again);
    expect(one).not.toEqual(two);
    const otherKey = readPrivacy({ VIGIL_PRIVACY: path, VIGIL_PRIVACY_KEY: 'K'.repeat(32) });
    expect(otherKey('one').privacy?.identity({ user: 'ann@example.com' })).not.toEqual(one);
  });

  it.each([
    ['default:\n  email: mask\n', /default: Unrecognized key: "email"/],
    ['default:\n  host: hide\n', /default\.host: Invalid option/],
    ['- a\n', /expected object/],
    ['default:\n  contentLength: 99999999\n', /default\.contentLength: Too big/],
    ['a: [', /cannot be read/],
  ])('%j stops the start', (content, problem) => {
    expect(() => readPrivacy({ VIGIL_PRIVACY: fileOf(content), VIGIL_PRIVACY_KEY: KEY })).toThrow(problem);
  });

  it('needs a key for pseudonyms, of any tenant', () => {
    const path = fileOf('tenants:\n  acme:\n    userId: pseudonymise\n');
    expect(() => readPrivacy({ VIGIL_PRIVACY: path })).toThrow(/VIGIL_PRIVACY_KEY is not set/);
    expect(() => readPrivacy({ VIGIL_PRIVACY: '/nowhere' })).toThrow(/VIGIL_PRIVACY: \/nowhere cannot be read/);
  });
});
