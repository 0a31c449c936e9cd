import { beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '../platform/hash.ts';
import type { ClientCertificate } from './certificates/client-certificate.ts';
import { createRegistry } from './registry.ts';
import { type Client, type Credential, type RegisteredClient, mayRead } from './client.ts';
import { newToken } from './tokens/token.ts';
import { type Presented, createAuthentication } from './authentication.ts';
import { type Denial } from './denial.ts';

const NOW = 1_000_000;
const token = newToken();
const own: Credential = { kind: 'token', id: token.id, sha256: token.sha256, createdAt: 0 };
const laptop: RegisteredClient = {
  tenant: 'acme',
  sender: 'laptop',
  use: 'telemetry',
  actor: 'ada',
  agents: ['codex'],
  quota: { recordsPerMinute: 5 },
  credentials: [own],
};
const sending = { rights: ['telemetry.write'], reads: [], isAnonymous: false };
const { credentials: _, use: __, ...named } = laptop;
const terms = { ...named, ...sending };

const local: Client = {
  tenant: 'default',
  sender: 'local',
  rights: ['telemetry.write', 'metrics.read'],
  reads: ['*'],
  isAnonymous: true,
};

let clients: readonly RegisteredClient[];
let anonymous: Client | undefined;
let now = NOW;
const used: string[] = [];
beforeEach(() => {
  clients = [laptop];
  anonymous = local;
  now = NOW;
  used.length = 0;
});
const authentication = createAuthentication({
  registry: () =>
    createRegistry(clients, [
      { tokenSha256: sha256('secret'), tenant: 'acme', sender: 'static', use: 'telemetry' },
      { tokenSha256: sha256('reading'), tenant: 'house', sender: 'script', use: 'read' },
    ]),
  anonymous: () => anonymous,
  tenant: 'default',
  pages: { allowedHosts: ['vigil.example'] },
  onUse: (id) => used.push(id),
  now: () => now,
});
function authenticate(presented: Presented): Client {
  const authenticated = authentication.authenticate(presented);
  if (authenticated.kind === 'denied') throw new Error(authenticated.message);
  return authenticated.client;
}
function denialOf(presented: Presented): Denial {
  const authenticated = authentication.authenticate(presented);
  if (authenticated.kind === 'client') throw new Error('it is accepted');
  return authenticated;
}
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const bearer = (text: string): Presented => ({ authorization: `Bearer ${text}` });
const withLife = (life: Partial<Credential>): readonly RegisteredClient[] => [
  { ...laptop, credentials: [{ ...own, ...life } as Credential] },
];

describe('a token', () => {
  it.each([
    ['Bearer', `Bearer ${token.token}`],
    ['bearer, in other letters', `bEARER   ${token.token}`],
    ['Basic with the client as user', basic('laptop', token.token)],
  ])('is known as %s, with the terms of its client', (_how, authorization) => {
    expect(authenticate({ authorization })).toEqual({ ...terms, credential: { key: token.id } });
    expect(used).toEqual([token.id]);
  });

  it('of the configuration is known, as Basic too', () => {
    const client = { tenant: 'acme', sender: 'static', ...sending };
    expect(authenticate(bearer('secret'))).toMatchObject(client);
    expect(authenticate({ authorization: basic('static', 'secret') })).toMatchObject(client);
  });

  const other = newToken();
  it.each([
    ['another', bearer(other.token), /not known/],
    ['another secret under a known id', bearer(`vigil_${token.id}_${other.token.slice(-64)}`), /not known/],
    ['its hash', bearer(token.sha256), /not known/],
    ['its id alone', bearer(token.id), /not known/],
    ['another user', { authorization: basic('eve', token.token) }, /not known/],
    ['no user', { authorization: basic('', token.token) }, /not known/],
    ['another scheme', { authorization: `Digest ${token.token}` }, /must be Bearer or Basic/],
    ['no pair', { authorization: `Basic ${Buffer.from('x').toString('base64')}` }, /client:token/],
    ['nothing', { authorization: '' }, /must be Bearer or Basic/],
  ])('is refused for %s, though none is needed', (_what, presented, message) => {
    expect(denialOf(presented)).toMatchObject({ reason: 'credential', message: expect.stringMatching(message) });
    expect(used).toEqual([]);
  });

  it('ends when it expires or is revoked', () => {
    clients = withLife({ expiresAt: NOW + 1 });
    expect(authenticate(bearer(token.token)).sender).toBe('laptop');
    clients = withLife({ expiresAt: NOW });
    expect(() => authenticate(bearer(token.token))).toThrow(/has expired/);
    clients = withLife({ revokedAt: 5 });
    expect(() => authenticate(bearer(token.token))).toThrow(/was revoked/);
  });
});

describe('a client certificate', () => {
  const certificate = (names: readonly string[], more: Partial<ClientCertificate> = {}): Presented => ({
    certificate: { names, notAfterMs: NOW + 1, trouble: undefined, ...more },
  });
  const registered = (life: Partial<Credential> = {}): readonly RegisteredClient[] => [
    {
      ...laptop,
      credentials: [
        { kind: 'certificate', id: 'cccccccccc', createdAt: 0, name: 'laptop.example', ...life } as Credential,
      ],
    },
  ];

  it('is the client of its first name that one can have', () => {
    const client = { tenant: 'default', ...sending };
    expect(authenticate(certificate(['laptop-7']))).toEqual({ ...client, sender: 'laptop-7' });
    expect(authenticate(certificate(['Ada’s laptop', 'laptop-7.example']))).toEqual({
      ...client,
      sender: 'laptop-7.example',
    });
  });

  it('has the terms of the client it is registered for, or of the one of its name', () => {
    clients = registered();
    expect(authenticate(certificate(['Ada', 'laptop.example']))).toEqual({
      ...terms,
      credential: { key: 'cccccccccc' },
    });
    clients = [{ ...laptop, tenant: 'default' }];
    expect(authenticate(certificate(['laptop']))).toEqual({ ...terms, tenant: 'default' });
  });

  it('that was revoked here does not count by its name instead', () => {
    clients = registered({ revokedAt: 1 });
    expect(() => authenticate(certificate(['laptop.example']))).toThrow(/was revoked/);
  });

  it.each([
    ['names nobody', certificate(['Ada Lovelace']), /no name that a client can have/],
    ['was not accepted', certificate(['laptop'], { trouble: 'CERT_HAS_EXPIRED' }), /not accepted: CERT_HAS_EXPIRED/],
    ['ended while its connection stood', certificate(['laptop'], { notAfterMs: NOW }), /has ended/],
  ])('that %s is refused, though none is needed', (_what, presented, message) => {
    expect(() => authenticate(presented)).toThrow(message);
  });

  it('gives way to a token', () => {
    expect(authenticate({ ...certificate(['other']), ...bearer(token.token) }).sender).toBe('laptop');
    expect(() => authenticate({ ...certificate(['other']), ...bearer('wrong') })).toThrow(/not known/);
  });
});

describe('a request without a credential', () => {
  it('is refused where a credential is needed', () => {
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
  ])('is accepted under the name %s', (host) => expect(authenticate({ host })).toEqual(local));

  it.each([
    'evil.example:4318',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'internal',
    'collector',
    'evil.example/.internal',
    '',
    undefined,
  ])('is not accepted under the name %s, which a page may have', (host) =>
    expect(denialOf({ host })).toMatchObject({
      reason: 'host',
      message: expect.stringMatching(/VIGIL_ALLOWED_HOSTS/),
    }),
  );

  it.each(['https://evil.example', 'http://10.1.2.3', 'http://evil.internal', 'null', 'chrome-extension://abc', 'x'])(
    'is not accepted from the page %s',
    (page) => expect(denialOf({ host: 'localhost', page }).reason).toBe('page'),
  );

  it.each(['http://localhost:3000', 'http://127.0.0.1', 'https://vigil.example'])(
    'is accepted from our own page %s',
    (page) => expect(authenticate({ host: 'localhost', page }).sender).toBe('local'),
  );

  it('needs neither host nor page when it has a credential', () => {
    expect(
      authenticate({ ...bearer('secret'), host: 'collector.corp.example', page: 'https://x.example' }).sender,
    ).toBe('static');
  });
});

describe('a client that reads', () => {
  const ending = newToken();
  const ada: RegisteredClient = {
    tenant: 'acme',
    sender: 'ada',
    use: 'read',
    reads: ['bert'],
    credentials: [own, { kind: 'token', id: ending.id, sha256: ending.sha256, createdAt: 0, expiresAt: NOW + 100 }],
  };
  const reading = { tenant: 'acme', sender: 'ada', reads: ['bert'], isAnonymous: false };
  beforeEach(() => {
    clients = [ada];
  });

  it('has the rights to read and none to send, by its token and by its key', () => {
    const client = authenticate(bearer(token.token));
    expect(client).toMatchObject({ ...reading, credential: { key: token.id } });
    expect(client.rights).toContain('events.read');
    expect(client.rights).not.toContain('telemetry.write');
    expect(client.rights).not.toContain('metrics.read');
    expect(authentication.byKey(token.id)).toEqual(client);
    expect(used).toEqual([token.id, token.id]);
  });

  it('is known by a token of the configuration, whose key does not reveal its hash', () => {
    const client = authenticate(bearer('reading'));
    expect(client).toMatchObject({ sender: 'script', tenant: 'house', reads: [] });
    const key = client.credential?.key ?? '';
    expect(key).not.toContain(sha256('reading'));
    expect(authentication.byKey(key)).toEqual(client);
    expect(authentication.byKey('')).toBeUndefined();
  });

  it('is not known any more when its credential has ended, by a token or by its key', () => {
    now = NOW + 99;
    expect(authenticate(bearer(ending.token)).credential).toEqual({ key: ending.id, endsAt: NOW + 100 });
    now = NOW + 100;
    expect(denialOf(bearer(ending.token)).message).toBe('the credential has expired');
    expect(authentication.byKey(ending.id)).toBeUndefined();
    clients = [{ ...ada, credentials: ada.credentials.map((each) => ({ ...each, revokedAt: 1 })) }];
    expect(denialOf(bearer(token.token)).message).toBe('the credential was revoked');
    expect(authentication.byKey(token.id)).toBeUndefined();
  });

  it('is not known by the token of another user, in any state', () => {
    now = NOW + 100;
    expect(denialOf({ authorization: basic('bert', ending.token) }).message).toBe('the credential is not known');
  });

  it('reads its own tenant and those it was given', () => {
    expect(['acme', 'bert', 'carl'].map((tenant) => mayRead({ tenant: 'acme', reads: ['bert'] }, tenant))).toEqual([
      true,
      true,
      false,
    ]);
    expect(mayRead({ tenant: 'acme', reads: ['*'] }, 'carl')).toBe(true);
    expect(mayRead({ tenant: 'acme', reads: [] }, '*')).toBe(false);
  });
});
