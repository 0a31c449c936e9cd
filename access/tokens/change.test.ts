import { describe, expect, it } from '@jest/globals';
import { type Creation, addCredential, revokeCredential, rotateToken, setTerms } from './change.ts';
import { type RegisteredClient, stateOf } from '../client.ts';
import { isTokenOf, newToken } from './token.ts';

const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;
const laptop = { tenant: 'acme', sender: 'laptop' };

function created(clients: readonly RegisteredClient[] = [], creation: Partial<Creation> = {}) {
  const token = newToken();
  const changed = addCredential(clients, {
    name: laptop,
    use: 'telemetry',
    terms: {},
    proof: token,
    now: NOW,
    ...creation,
  });
  return { ...changed, token };
}

it('keeps no token, and knows each by its hash', () => {
  const { clients, token } = created();
  expect(JSON.stringify(clients)).not.toContain(token.token.slice(17));
  expect(token.token).toMatch(/^vigil_[0-9a-f]{10}_[0-9a-f]{64}$/);
  expect([isTokenOf(token.token, token.sha256), isTokenOf(newToken().token, token.sha256)]).toEqual([true, false]);
});

describe('addCredential', () => {
  it('makes the sender with its terms, then adds to it', () => {
    const first = created([], { terms: { actor: 'ada', quota: { recordsPerMinute: 5 } } });
    const second = created(first.clients, { expiresAt: NOW + 1 });
    expect(second.clients).toEqual([
      {
        ...laptop,
        use: 'telemetry',
        actor: 'ada',
        quota: { recordsPerMinute: 5 },
        credentials: [
          { kind: 'token', id: first.token.id, sha256: first.token.sha256, createdAt: NOW },
          { kind: 'token', id: second.token.id, sha256: second.token.sha256, createdAt: NOW, expiresAt: NOW + 1 },
        ],
      },
    ]);
    expect(first.clients[0]?.credentials).toHaveLength(1);
  });

  it('does not change the terms of a sender by the way', () => {
    const { clients } = created();
    expect(() => created(clients, { terms: { actor: 'eve' } })).toThrow(/acme\/laptop exists and has terms of its own/);
    expect(() => created(clients, { use: 'metrics' })).toThrow(/exists/);
    expect(
      created(clients, { name: { tenant: 'other', sender: 'laptop' }, terms: { actor: 'eve' } }).clients,
    ).toHaveLength(2);
  });

  it('gives a certificate to one sender, and anew when it was revoked', () => {
    const proof = { id: 'aaaaaaaaaa', certificate: 'laptop.example' };
    const { clients } = created([], { proof });
    const again = { proof: { ...proof, id: 'bbbbbbbbbb' }, name: { tenant: 'acme', sender: 'other' } };
    expect(() => created(clients, again)).toThrow(/certificate laptop.example is a credential of acme\/laptop/);
    const after = created(revokeCredential(clients, 'aaaaaaaaaa', NOW).clients, again);
    expect(after.clients.map(({ credentials }) => credentials.map(({ id }) => id))).toEqual([[], ['bbbbbbbbbb']]);
  });

  it('forgets tokens that ended long ago, and no certificate that was revoked', () => {
    const proof = { id: 'aaaaaaaaaa', certificate: 'laptop.example' };
    const { clients, token } = created(revokeCredential(created([], { proof }).clients, proof.id, NOW).clients);
    const revoked = revokeCredential(clients, token.id, NOW).clients;
    const idsAt = (now: number): unknown =>
      created(revoked, { now })
        .clients[0]?.credentials.map(({ id }) => id)
        .slice(0, -1);
    expect(idsAt(NOW + 89 * DAY_MS)).toEqual([proof.id, token.id]);
    expect(idsAt(NOW + 91 * DAY_MS)).toEqual([proof.id]);
  });
});

describe('rotateToken', () => {
  const rotated = (clients: readonly RegisteredClient[], id: string, overlapMs = DAY_MS) =>
    rotateToken(clients, { id, token: newToken(), now: NOW, overlapMs });

  it('lets the old one live for the overlap, or until its own end', () => {
    const { clients, token } = created();
    const [old, fresh] = rotated(clients, token.id).clients[0]?.credentials ?? [];
    if (old === undefined || fresh === undefined) throw new Error('not there');
    expect([stateOf(old, NOW + DAY_MS - 1), stateOf(old, NOW + DAY_MS)]).toEqual(['active', 'expired']);
    expect([fresh.expiresAt, fresh.id === token.id]).toEqual([undefined, false]);
    const short = created([], { expiresAt: NOW + 5 });
    expect(rotated(short.clients, short.token.id).clients[0]?.credentials[0]?.expiresAt).toBe(NOW + 5);
  });

  it('refuses what is not active, not a token or not there', () => {
    const { clients, token } = created();
    expect(() => rotated(revokeCredential(clients, token.id, NOW).clients, token.id)).toThrow(/is revoked/);
    const ended = created([], { expiresAt: NOW });
    expect(() => rotated(ended.clients, ended.token.id)).toThrow(/is expired/);
    const certificate = created([], { proof: { id: 'aaaaaaaaaa', certificate: 'x' } });
    expect(() => rotated(certificate.clients, 'aaaaaaaaaa')).toThrow(/client certificate/);
    expect(() => rotated(clients, 'nobody')).toThrow(/there is no credential "nobody"/);
  });
});

it('revoking twice keeps the first time', () => {
  const { clients, token } = created();
  const once = revokeCredential(clients, token.id, NOW);
  expect(revokeCredential(once.clients, token.id, NOW + 5).result.credential.revokedAt).toBe(NOW);
});

it('sets and removes terms', () => {
  const { clients } = created([], { terms: { actor: 'ada', agents: ['codex'] } });
  const { result } = setTerms(clients, laptop, () => ({ actor: null, quota: { bytesPerMinute: 1 } }));
  expect(result).toEqual({ ...clients[0], actor: undefined, quota: { bytesPerMinute: 1 } });
  expect('actor' in result).toBe(false);
  expect(() => setTerms(clients, { ...laptop, sender: 'other' }, () => ({}))).toThrow(/there is no client acme\/other/);
});
