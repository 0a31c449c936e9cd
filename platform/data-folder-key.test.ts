/**
 * Tests that a data folder has one key from its first start on, or none, and that another key is rejected with a clear
 * message.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataKey, ownKeyFile, parseKey } from './encryption/data-key.ts';
import { openDataKey } from './data-folder-key.ts';
import { createSealer, seal, unseal } from './encryption/seal.ts';

let data = '';
beforeEach(() => {
  data = join(mkdtempSync(join(tmpdir(), 'vigil-key-')), 'data');
});
afterEach(() => rmSync(join(data, '..'), { recursive: true, force: true }));
const secret = 'ab'.repeat(32);
const open = (key?: string, file?: string) =>
  openDataKey({ VIGIL_DATA: data, VIGIL_DATA_KEY: key, VIGIL_DATA_KEY_FILE: file });

describe('the key of a data folder', () => {
  it('is the same at every start, from hex, base64 and a file, and different in another folder', () => {
    const first = open(secret)?.of('x');
    const path = join(data, 'key');
    writeFileSync(path, `${Buffer.from(secret, 'hex').toString('base64')}\n`);
    expect([
      open(secret.toUpperCase())?.of('x'),
      open(Buffer.from(secret, 'hex').toString('base64url'))?.of('x'),
      open(undefined, path)?.of('x'),
    ]).toEqual([first, first, first]);
    expect(open(secret)?.of('y')).not.toEqual(first);
    expect(open(secret)?.of('x', Buffer.from('salt'))).not.toEqual(first);
    rmSync(data, { recursive: true });
    expect(open(secret)?.of('x')).not.toEqual(first);
    expect(statSync(join(data, 'encryption.json')).mode & 0o777).toBe(0o600);
  });

  it('is undefined if none is set, and no marker is written', () => {
    expect(open()).toBeUndefined();
    expect(existsSync(data)).toBe(false);
  });

  it('is rejected if it differs or is missing, and nothing changes', () => {
    open(secret);
    const mark = readFileSync(join(data, 'encryption.json'), 'utf8');
    expect(() => open('cd'.repeat(32))).toThrow(
      `the data in ${data} is encrypted with another key than the configured one`,
    );
    expect(() => open()).toThrow(
      `the data in ${data} is encrypted; set VIGIL_DATA_KEY or VIGIL_DATA_KEY_FILE to its key`,
    );
    expect(readFileSync(join(data, 'encryption.json'), 'utf8')).toBe(mark);
  });

  it.each(['spool/meta.mdb', 'log/meta.mdb', 'quarantine/00000001.quarantine'])(
    'is rejected if %s is in plaintext',
    (name) => {
      mkdirSync(join(data, name, '..'), { recursive: true });
      writeFileSync(join(data, name), 'x');
      expect(() => open(secret)).toThrow(
        `the data in ${data} is not encrypted; VIGIL_DATA_KEY works only for a new folder`,
      );
      expect(existsSync(join(data, 'encryption.json'))).toBe(false);
    },
  );

  it('is not created anew if its marker is damaged', () => {
    open(secret);
    writeFileSync(join(data, 'encryption.json'), '{}');
    for (const key of [secret, undefined]) expect(() => open(key)).toThrow(/is damaged: restore it/);
  });

  it('may be set only once, and only in a readable file', () => {
    expect(() => open(secret, 'x')).toThrow(
      'VIGIL_DATA_KEY and VIGIL_DATA_KEY_FILE are both set; set only one of them',
    );
    expect(() => open(undefined, join(data, 'none'))).toThrow(
      /cannot read the key file .*none \(VIGIL_DATA_KEY_FILE\): no such file/,
    );
    mkdirSync(data);
    writeFileSync(join(data, 'short'), 'abc');
    expect(() => open(undefined, join(data, 'short'))).toThrow(/must contain 32 bytes as 64 hex digits or in base64/);
  });
});

describe('a configured key', () => {
  it.each(['', 'ab', 'g'.repeat(64), 'ab'.repeat(31), `${'A'.repeat(42)}!`, 'A'.repeat(45)])('cannot be %j', (text) => {
    expect(parseKey(text)).toBeUndefined();
  });

  it('of Vigil’s own is created once, readable only by its owner', () => {
    const path = join(data, 'own.key');
    const made = ownKeyFile(path, 'of a test');
    expect([ownKeyFile(path, 'of a test'), made.length, statSync(path).mode & 0o777]).toEqual([made, 32, 0o600]);
  });
});

describe('sealed data', () => {
  const key = createDataKey(randomBytes(32)).of('test');
  const place = Buffer.from('here');
  it('opens in its place with the key, also when it was sealed in parts, and is never twice the same', () => {
    for (const plain of [Buffer.alloc(0), Buffer.from('x'), randomBytes(100_000)]) {
      expect(unseal(key, place, seal(key, place, plain))).toEqual(plain);
      const sealer = createSealer(key, place);
      const half = plain.length >> 1;
      const sealed = [
        sealer.nonce,
        sealer.update(plain.subarray(0, half)),
        sealer.update(plain.subarray(half)),
        sealer.tag(),
      ];
      expect(unseal(key, place, Buffer.concat(sealed))).toEqual(plain);
    }
    const nonces = Array.from({ length: 500 }, () => seal(key, place, place).subarray(0, 12).toString('hex'));
    expect(new Set(nonces).size).toBe(500);
  });

  it('does not open in another place, with another key, truncated or changed', () => {
    const sealed = seal(key, place, Buffer.from('text'));
    expect(unseal(key, Buffer.from('there'), sealed)).toBeUndefined();
    expect(unseal(randomBytes(32), place, sealed)).toBeUndefined();
    for (let at = 0; at < sealed.length; at += 1) {
      expect(unseal(key, place, sealed.subarray(0, at))).toBeUndefined();
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(unseal(key, place, changed)).toBeUndefined();
    }
  });
});
