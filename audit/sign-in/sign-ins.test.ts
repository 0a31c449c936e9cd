import { describe, expect, it } from '@jest/globals';
import { cookieOf, signInIdOf } from './cookie.ts';
import { isOfOwnPage } from './own-page.ts';
import { SIGN_IN_MS, createSignIns } from './sign-ins.ts';

function make() {
  let at = 1_000;
  let ids = 0;
  const signIns = createSignIns({ now: () => at, newId: () => `id-${ids++}`, sha256: (text) => `hash of ${text}` });
  return { signIns, wait: (ms: number) => (at += ms) };
}

describe('sign-ins', () => {
  it('end after a working day, and never after their credential', () => {
    const { signIns, wait } = make();
    const long = signIns.open({ key: 'a' });
    const short = signIns.open({ key: 'a', endsAt: 1_500 });
    expect([long.endsAt, short.endsAt]).toEqual([1_000 + SIGN_IN_MS, 1_500]);
    wait(500);
    expect(signIns.find(short.id)).toBeUndefined();
    expect(signIns.find(long.id)).toEqual({ key: 'a', endsAt: 1_000 + SIGN_IN_MS });
    wait(SIGN_IN_MS);
    expect(signIns.find(long.id)).toBeUndefined();
  });

  it('end when they are closed', () => {
    const { signIns } = make();
    const { id } = signIns.open({ key: 'a' });
    const other = signIns.open({ key: 'a' });
    signIns.close(id);
    expect([signIns.find(id), signIns.find(other.id)?.key]).toEqual([undefined, 'a']);
  });

  it('are so many of one credential and no more; others are not touched', () => {
    const { signIns } = make();
    const other = signIns.open({ key: 'b' });
    const all = Array.from({ length: 40 }, () => signIns.open({ key: 'a' }).id);
    expect(all.filter((id) => signIns.find(id) !== undefined)).toEqual(all.slice(8));
    expect(signIns.find(other.id)?.key).toBe('b');
  });
});

describe('the cookie', () => {
  const id = 'a'.repeat(43);

  it('is kept from scripts, from clear text and from other sites', () => {
    expect(cookieOf(id, 60_500)).toBe(`__Host-vigil=${id}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=60`);
  });

  it.each([
    [`__Host-vigil=${id}`, id],
    [`theme=dark; __Host-vigil=${id} ; x=y`, id],
    [`x__Host-vigil=${id}`, undefined],
    ['__Host-vigil=', undefined],
    [`__Host-vigil=${id}x`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('is read from %j', (header, expected) => {
    expect(signInIdOf(header)).toBe(expected);
  });
});

describe('a request of our own page', () => {
  const from = (headers: Record<string, string>): boolean => isOfOwnPage({ headers });
  it.each([
    [
      'its browser says so',
      { origin: 'https://vigil.example', host: 'proxied:8080', 'sec-fetch-site': 'same-origin' },
      true,
    ],
    ['an old browser names this host', { origin: 'http://127.0.0.1:8080', host: '127.0.0.1:8080' }, true],
    [
      'it is of a site beside',
      { origin: 'https://other.vigil.example', host: 'vigil.example', 'sec-fetch-site': 'same-site' },
      false,
    ],
    [
      'it is of anybody',
      { origin: 'https://evil.example', host: 'vigil.example', 'sec-fetch-site': 'cross-site' },
      false,
    ],
    ['it is of another port', { origin: 'http://127.0.0.1:9999', host: '127.0.0.1:8080' }, false],
    ['it has no origin', { host: '127.0.0.1:8080', 'sec-fetch-site': 'same-origin' }, false],
    ['it hides its origin', { origin: 'null', host: '127.0.0.1:8080' }, false],
  ])('when %s', (_what, headers, expected) => {
    expect(from(headers)).toBe(expected);
  });
});
