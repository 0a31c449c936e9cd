import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../test/support/until.ts';
import { type ListeningRole, readConfig, tokensFile } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { addCredential, revokeCredential } from './tokens/change.ts';
import type { Use } from './client.ts';
import { changeClients } from './clients-file.ts';
import { type NewToken, newToken } from './tokens/token.ts';
import { type Access, openAccess } from './open-access.ts';

let data: string;
let opened: Access | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'vigil-access-'));
});
afterEach(() => {
  opened?.stop();
  rmSync(data, { recursive: true });
});

const PRIVATE = { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' };
function open(role: ListeningRole, settings: Record<string, string>): Access {
  const config = readConfig({ VIGIL_DATA: data, ...settings });
  return (opened = openAccess({ config, role, log: silentLog, metrics: createMetrics(), now: Date.now }));
}
const path = (): string => tokensFile(readConfig({ VIGIL_DATA: data }));
async function create(use: Use): Promise<NewToken> {
  const proof = newToken();
  const name = { tenant: 'acme', sender: 'ada' };
  await changeClients(path(), (clients) => addCredential(clients, { name, use, terms: {}, proof, now: Date.now() }));
  return proof;
}

const CREDENTIAL = `${'a'.repeat(64)}:acme:ada`;
const openFor = ({ isOpenFor }: Access): readonly boolean[] => [
  isOpenFor('telemetry.write'),
  isOpenFor('events.read'),
  isOpenFor('metrics.read'),
];

it.each<[string, ListeningRole, Record<string, string>, readonly boolean[]]>([
  ['on loopback', 'audit', {}, [false, true, true]],
  ['on loopback', 'collector', {}, [true, false, true]],
  ['on loopback', 'detector', {}, [false, false, true]],
  ['on loopback, closed', 'audit', { VIGIL_REQUIRE_CREDENTIALS: '1' }, [false, false, false]],
  ['on loopback, closed', 'collector', { VIGIL_REQUIRE_CREDENTIALS: '1' }, [false, false, false]],
  ['on loopback, with credentials', 'collector', { VIGIL_CREDENTIALS: CREDENTIAL }, [true, false, true]],
  ['in a private network', 'audit', PRIVATE, [false, true, true]],
  ['in a private network', 'collector', PRIVATE, [true, false, true]],
  [
    'in a private network, with a credential that reads',
    'audit',
    { ...PRIVATE, VIGIL_CREDENTIALS: `${CREDENTIAL}:read` },
    [false, false, true],
  ],
  [
    'in a private network, with a credential that sends',
    'audit',
    { ...PRIVATE, VIGIL_CREDENTIALS: CREDENTIAL },
    [false, true, true],
  ],
  [
    'in a private network, with a credential that sends',
    'collector',
    { ...PRIVATE, VIGIL_CREDENTIALS: CREDENTIAL },
    [false, false, false],
  ],
  [
    'in a private network, with a credential that reads metrics',
    'recorder',
    { ...PRIVATE, VIGIL_CREDENTIALS: `${CREDENTIAL}:metrics` },
    [false, false, false],
  ],
  [
    'on loopback for the collector only',
    'collector',
    { ...PRIVATE, VIGIL_OTLP_HOST: '127.0.0.1', VIGIL_CREDENTIALS: CREDENTIAL },
    [true, false, true],
  ],
])('%s the %s is open without a credential for what it serves, or for nothing', (_where, role, settings, expected) => {
  expect(openFor(open(role, settings))).toEqual(expected);
});

it('in a private network closes with the first credential, and stays closed when that is revoked or removed', async () => {
  const started = open('audit', PRIVATE);
  expect(openFor(started)).toEqual([false, true, true]);
  const proof = await create('read');
  await until('it is closed', () => !started.isOpenFor('events.read'));
  const authorization = `Bearer ${proof.token}`;
  expect(started.authenticate({ authorization })).toMatchObject({
    kind: 'client',
    client: { tenant: 'acme', sender: 'ada' },
  });
  await changeClients(path(), (clients) => revokeCredential(clients, proof.id, Date.now()));
  await until('it is revoked', () => started.authenticate({ authorization }).kind === 'denied');
  await changeClients(path(), () => ({ clients: [], result: undefined }));
  await until('it is removed', () => {
    const authenticated = started.authenticate({ authorization });
    return authenticated.kind === 'denied' && authenticated.message === 'the credential is not known';
  });
  expect(openFor(started)).toEqual([false, false, true]);
});

it('stays closed after a credential that was known at the start, though no request came while it was', async () => {
  await create('telemetry');
  const started = open('collector', PRIVATE);
  await changeClients(path(), () => ({ clients: [], result: undefined }));
  await until('it is removed', () => !started.isKnown('telemetry'));
  expect(openFor(started)).toEqual([false, false, false]);
});

it('gives requests without a credential the tenant and the sender of the configuration', () => {
  const started = open('collector', { VIGIL_TENANT: 'house', VIGIL_SENDER: 'desk' });
  expect(started.authenticate({ host: 'localhost' })).toMatchObject({ client: { tenant: 'house', sender: 'desk' } });
  expect(started.authenticate({ host: 'evil.example' })).toMatchObject({ kind: 'denied', reason: 'host' });
});

it('knows a client of the file on its present terms, for replays', async () => {
  const started = open('collector', {});
  expect(started.registered('acme', 'ada')).toBeUndefined();
  await create('telemetry');
  await until('it is known', () => started.registered('acme', 'ada')?.sender === 'ada');
});
