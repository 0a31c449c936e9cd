import { beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '../platform/hash.ts';
import type { ClientCertificate } from './certificates/client-certificate.ts';
import { createRegistry } from './registry.ts';
import type { Credential, Sender } from './client.ts';
import { newToken } from './tokens/token.ts';
import { type Presented, createAuthentication } from './authentication.ts';

const NOW = 1_000_000;
const token = newToken();
const own: Credential = { kind: 'token', id: token.id, sha256: token.sha256, createdAt: 0 };
const laptop: Sender = {
  tenant: 'acme',
  sender: 'laptop',
  use: 'telemetry',
  actor: 'ada',
  agents: ['codex'],
  quota: { recordsPerMinute: 5 },
  credentials: [own],
};
const { credentials: _, ...terms } = laptop;

let senders: readonly Sender[];
let anonymous: { tenant: string; sender: string } | undefined;
const used: string[] = [];
beforeEach(() => {
  senders = [laptop];
  anonymous = { tenant: 'default', sender: 'local' };
  used.length = 0;
});
const authenticate = createAuthentication({
  registry: () => createRegistry(senders),
  statics: [{ tokenSha256: sha256('secret'), tenant: 'acme', sender: 'static', use: 'telemetry' }],
  anonymous: () => anonymous,
  tenant: 'default',
  pages: { allowedHosts: ['vigil.example'] },
  onUse: (id) => used.push(id),
  now: () => NOW,
});
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const bearer = (text: string): Presented => ({ authorization: `Bearer ${text}` });
const withLife = (life: Partial<Credential>): readonly Sender[] => [
  { ...laptop, credentials: [{ ...own, ...life } as Credential] },
];

describe('a token', () => {
  it.each([
    ['Bearer', `Bearer ${token.token}`],
    ['bearer, in other letters', `bEARER   ${token.token}`],
    ['Basic with the sender as user', basic('laptop', token.token)],
  ])('is known as %s, with the terms of its sender', (_how, authorization) => {
    expect(authenticate({ authorization })).toEqual({ ...terms, credential: token.id });
    expect(used).toEqual([token.id]);
  });

  it('of the configuration is known, as Basic too', () => {
    const principal = { tenant: 'acme', sender: 'static', use: 'telemetry' };
    expect(authenticate(bearer('secret'))).toEqual(principal);
    expect(authenticate({ authorization: basic('static', 'secret') })).toEqual(principal);
  });

  const other = newToken();
  it.each([
    ['another', bearer(other.token), /not known/],
    ['another secret under a known id', bearer(`vigil_${token.id}_${other.token.slice(-64)}`), /not known/],
    ['its hash', bearer(token.sha256), /not known/],
    ['another user', { authorization: basic('eve', token.token) }, /not known/],
    ['no user', { authorization: basic('', token.token) }, /not known/],
    ['another scheme', { authorization: `Digest ${token.token}` }, /must be Bearer or Basic/],
    ['no pair', { authorization: `Basic ${Buffer.from('x').toString('base64')}` }, /sender:token/],
    ['nothing', { authorization: '' }, /must be Bearer or Basic/],
  ])('is refused for %s, though requests without one are taken', (_what, presented, message) => {
    expect(() => authenticate(presented)).toThrow(
      expect.objectContaining({ reason: 'credential', message: expect.stringMatching(message) as unknown }),
    );
    expect(used).toEqual([]);
  });

  it('ends when it expires or is revoked', () => {
    senders = withLife({ expiresAt: NOW + 1 });
    expect(authenticate(bearer(token.token)).sender).toBe('laptop');
    senders = withLife({ expiresAt: NOW });
    expect(() => authenticate(bearer(token.token))).toThrow(/has expired/);
    senders = withLife({ revokedAt: 5 });
    expect(() => authenticate(bearer(token.token))).toThrow(/was revoked/);
  });
});

describe('a client certificate', () => {
  const certificate = (names: readonly string[], more: Partial<ClientCertificate> = {}): Presented => ({
    certificate: { names, notAfterMs: NOW + 1, trouble: undefined, ...more },
  });
  const registered = (life: Partial<Credential> = {}): readonly Sender[] => [
    {
      ...laptop,
      credentials: [
        { kind: 'certificate', id: 'cccccccccc', createdAt: 0, name: 'laptop.example', ...life } as Credential,
      ],
    },
  ];

  it('is the sender of its first name that one can have', () => {
    const principal = { tenant: 'default', use: 'telemetry' };
    expect(authenticate(certificate(['laptop-7']))).toEqual({ ...principal, sender: 'laptop-7' });
    expect(authenticate(certificate(['Ada’s laptop', 'laptop-7.example']))).toEqual({
      ...principal,
      sender: 'laptop-7.example',
    });
  });

  it('has the terms of the sender it is registered for, or of the one of its name', () => {
    senders = registered();
    expect(authenticate(certificate(['Ada', 'laptop.example']))).toEqual({ ...terms, credential: 'cccccccccc' });
    senders = [{ ...laptop, tenant: 'default' }];
    expect(authenticate(certificate(['laptop']))).toEqual({ ...terms, tenant: 'default' });
  });

  it('that was revoked here does not count by its name instead', () => {
    senders = registered({ revokedAt: 1 });
    expect(() => authenticate(certificate(['laptop.example']))).toThrow(/was revoked/);
  });

  it.each([
    ['names nobody', certificate(['Ada Lovelace']), /no name that a sender can have/],
    ['was not accepted', certificate(['laptop'], { trouble: 'CERT_HAS_EXPIRED' }), /not accepted: CERT_HAS_EXPIRED/],
    ['ended while its connection stood', certificate(['laptop'], { notAfterMs: NOW }), /has ended/],
  ])('that %s is refused, though requests without one are taken', (_what, presented, message) => {
    expect(() => authenticate(presented)).toThrow(message);
  });

  it('gives way to a token', () => {
    expect(authenticate({ ...certificate(['other']), ...bearer(token.token) }).sender).toBe('laptop');
    expect(() => authenticate({ ...certificate(['other']), ...bearer('wrong') })).toThrow(/not known/);
  });
});

describe('a request without a credential', () => {
  it('is refused where none are taken', () => {
    anonymous = undefined;
    expect(() => authenticate({ host: 'localhost' })).toThrow(/a credential is needed/);
  });

  it.each([
    'localhost',
    'localhost:4318',
    '127.0.0.1:4318',
    '[::1]:4318',
    '10.1.2.3:4318',
    '[fe80::1]',
    'host.docker.internal:4318',
    'vigil.localhost',
    'VIGIL.example:80',
  ])('is taken by the name %s', (host) =>
    expect(authenticate({ host })).toEqual({ tenant: 'default', sender: 'local', use: 'telemetry' }),
  );

  it.each([
    'evil.example:4318',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'internal',
    'collector',
    'evil.example/.internal',
    '',
    undefined,
  ])('is not taken by the name %s, which a page may have', (host) =>
    expect(() => authenticate({ host })).toThrow(
      expect.objectContaining({ reason: 'host', message: expect.stringMatching(/VIGIL_ALLOWED_HOSTS/) as unknown }),
    ),
  );

  it.each(['https://evil.example', 'http://10.1.2.3', 'http://evil.internal', 'null', 'chrome-extension://abc', 'x'])(
    'is not taken from the page %s',
    (page) =>
      expect(() => authenticate({ host: 'localhost', page })).toThrow(expect.objectContaining({ reason: 'page' })),
  );

  it.each(['http://localhost:3000', 'http://127.0.0.1', 'https://vigil.example'])(
    'is taken from our own page %s',
    (page) => expect(authenticate({ host: 'localhost', page }).sender).toBe('local'),
  );

  it('needs neither host nor page when it has a credential', () => {
    expect(
      authenticate({ ...bearer('secret'), host: 'collector.corp.example', page: 'https://x.example' }).sender,
    ).toBe('static');
  });
});
