import { describe, expect, it } from '@jest/globals';
import { sha256 } from '../platform/hash.ts';
import { createRegistry } from './registry.ts';
import type { Sender } from './client.ts';
import { newToken } from './tokens/token.ts';
import { createReaders, mayRead } from './readers.ts';

const token = newToken();
const ending = newToken();
const configured = 'of-the-configuration';
const ada: Sender = {
  tenant: 'acme',
  sender: 'ada',
  use: 'read',
  reads: ['bert'],
  credentials: [
    { kind: 'token', id: token.id, sha256: token.sha256, createdAt: 0 },
    { kind: 'token', id: ending.id, sha256: ending.sha256, createdAt: 0, expiresAt: 100 },
  ],
};
function open(senders: readonly Sender[] = [ada], now = 0) {
  const used: string[] = [];
  const readers = createReaders({
    registry: () => createRegistry(senders),
    statics: [{ tokenSha256: sha256(configured), tenant: 'house', sender: 'script', use: 'read' }],
    isOpenTo: () => false,
    onUse: (id) => used.push(id),
    now: () => now,
  });
  return { readers, used };
}
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('who reads', () => {
  it.each([
    ['bearer', `Bearer ${token.token}`],
    ['basic', basic('ada', token.token)],
  ])('is known by a token as %s', (_how, authorization) => {
    const { readers, used } = open();
    const reader = { key: token.id, sender: 'ada', tenant: 'acme', use: 'read', reads: ['bert'] };
    expect(readers.byAuthorization(authorization)).toEqual({ kind: 'reader', reader });
    expect(readers.byKey(token.id)).toEqual(reader);
    expect(used).toEqual([token.id, token.id]);
  });

  it('is known by a token of the configuration, whose key does not tell its hash', () => {
    const { readers } = open();
    const identified = readers.byAuthorization(`Bearer ${configured}`);
    expect(identified).toMatchObject({ kind: 'reader', reader: { sender: 'script', tenant: 'house', reads: [] } });
    const { key } = (identified as { reader: { key: string } }).reader;
    expect(key).not.toContain(sha256(configured));
    expect(readers.byKey(key)).toMatchObject({ sender: 'script' });
  });

  it.each([
    ['another scheme', 'Digest x', 'Authorization must be Bearer or Basic'],
    ['a token nobody has', `Bearer ${newToken().token}`, 'The credential is not known'],
    [
      'the id of one with another secret',
      `Bearer ${newToken().token.replace(/_[0-9a-f]{10}_/, `_${token.id}_`)}`,
      'The credential is not known',
    ],
    ['its hash', `Bearer ${token.sha256}`, 'The credential is not known'],
    ['the token of another user', basic('bert', token.token), 'The credential is not known'],
    ['a key in place of a token', `Bearer ${token.id}`, 'The credential is not known'],
  ])('is not known by %s', (_what, authorization, message) => {
    expect(open().readers.byAuthorization(authorization)).toEqual({ kind: 'unknown', message });
  });

  it('is not known any more when its credential has ended, by a token or by its key', () => {
    const before = open([ada], 99).readers;
    expect(before.byAuthorization(`Bearer ${ending.token}`)).toMatchObject({ reader: { endsAt: 100 } });
    const after = open([ada], 100).readers;
    expect(after.byAuthorization(`Bearer ${ending.token}`)).toMatchObject({ message: 'The credential has expired' });
    expect(after.byKey(ending.id)).toBeUndefined();
    const revoked = open([{ ...ada, credentials: ada.credentials.map((each) => ({ ...each, revokedAt: 1 })) }]).readers;
    expect(revoked.byAuthorization(`Bearer ${token.token}`)).toMatchObject({ message: 'The credential was revoked' });
    expect(revoked.byKey(token.id)).toBeUndefined();
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
