/**
 * Keys for the data folder. There is one secret of 32 bytes. Every use and every file has its own key, derived by
 * HKDF-SHA-256, so that learning one key reveals nothing about another.
 */
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../files/file-error.ts';
import { ShellError } from '../shell-error.ts';

export interface DataKey {
  /** Derives 32 bytes for one use. @param salt belongs to one file, so that each file has its own key */
  of(use: string, salt?: Buffer): Buffer;
}

const KEY_BYTES = 32;
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;
export const KEY_WANTED = '32 bytes as 64 hex digits or in base64 (openssl rand -base64 32)';

/** @returns undefined when the text is not 32 bytes in hex or base64 */
export function parseKey(text: string): Buffer | undefined {
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  if (!BASE64.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}

export function createDataKey(secret: Buffer): DataKey {
  return {
    of: (use, salt = Buffer.alloc(0)) => Buffer.from(hkdfSync('sha256', secret, salt, `vigil ${use}`, KEY_BYTES)),
  };
}

/** Proves that the author of `text` has the key; lower-case hex. */
export function proofOf(key: DataKey, use: string, text: string): string {
  return createHmac('sha256', key.of(use)).update(text).digest('hex');
}

/** @throws ShellError BAD_KEY naming the file and what is wrong with it */
export function readKeyFile(path: string, setting: string): Buffer {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ShellError('BAD_KEY', `cannot read the key file ${path} (${setting}): ${reasonOf(error)}`, {
      retryable: false,
      cause: error,
    });
  }
  const key = parseKey(text);
  if (key === undefined)
    throw new ShellError('BAD_KEY', `the key file ${path} (${setting}) must contain ${KEY_WANTED}`, {
      retryable: false,
    });
  return key;
}

/**
 * Reads the key from a file that only its owner can read, and creates the file when it is missing. Processes that
 * create it at the same time all get the same key.
 *
 * @throws ShellError BAD_KEY
 */
export function ownKeyFile(path: string, what: string): Buffer {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new ShellError('BAD_KEY', `cannot create the key file ${path} (${what}): ${reasonOf(error)}`, {
        retryable: false,
        cause: error,
      });
  } finally {
    rmSync(draft, { force: true });
  }
  return readKeyFile(path, what);
}
