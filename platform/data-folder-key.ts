/**
 * Decides whether a data folder is encrypted, and with which key. A file in the folder records it at the first start.
 * So data is never started with one key and continued with another, and LMDB's native code, which crashes on a wrong
 * key, never gets one.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Config, dataFolders } from './config.ts';
import { reasonOf } from './files/file-error.ts';
import { ShellError } from './shell-error.ts';
import { type DataKey, createDataKey, parseKey, readKeyFile } from './encryption/data-key.ts';

type KeyConfig = Pick<Config, 'VIGIL_DATA' | 'VIGIL_DATA_KEY' | 'VIGIL_DATA_KEY_FILE'>;

const Mark = z.object({
  format: z.literal(1),
  /** Belongs to this folder, in hex: another folder with the same key derives other keys. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  /** Verifies that a key is the right one. */
  proof: z.string().regex(/^[0-9a-f]{32}$/),
});
type Mark = z.infer<typeof Mark>;

/**
 * Returns the key of a data folder, or undefined if none is set, and marks a new folder with it.
 *
 * @throws ShellError BAD_KEY, BAD_CONFIG; WRONG_KEY, NOT_ENCRYPTED, KEY_MISSING when key and folder do not match
 */
export function openDataKey(config: KeyConfig): DataKey | undefined {
  const secret = secretOf(config);
  const { encryption } = dataFolders(config);
  const mark = readMark(encryption);
  if (secret === undefined) {
    if (mark === undefined) return undefined;
    throw new ShellError(
      'KEY_MISSING',
      `the data in ${config.VIGIL_DATA} is encrypted; set VIGIL_DATA_KEY or VIGIL_DATA_KEY_FILE to its key`,
      { retryable: false },
    );
  }
  const settled = mark ?? begin(config, secret, encryption);
  const { key, proof } = keyOf(secret, settled.salt);
  if (proof === settled.proof) return key;
  throw new ShellError(
    'WRONG_KEY',
    `the data in ${config.VIGIL_DATA} is encrypted with another key than the configured one`,
    {
      retryable: false,
    },
  );
}

function secretOf({ VIGIL_DATA_KEY: text, VIGIL_DATA_KEY_FILE: path }: KeyConfig): Buffer | undefined {
  if (text !== undefined && path !== undefined)
    throw new ShellError('BAD_CONFIG', 'VIGIL_DATA_KEY and VIGIL_DATA_KEY_FILE are both set; set only one of them', {
      retryable: false,
    });
  return path === undefined ? parseKey(text ?? '') : readKeyFile(path, 'VIGIL_DATA_KEY_FILE');
}

function keyOf(secret: Buffer, salt: string): { readonly key: DataKey; readonly proof: string } {
  const key = createDataKey(createDataKey(secret).of('data folder', Buffer.from(salt, 'hex')));
  return { key, proof: key.of('proof').toString('hex').slice(0, 32) };
}

/**
 * Marks a new folder; if several processes start together, one of them does. @throws ShellError NOT_ENCRYPTED, BAD_KEY
 */
function begin(config: KeyConfig, secret: Buffer, path: string): Mark {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const salt = randomBytes(16).toString('hex');
  const own: Mark = { format: 1, salt, proof: keyOf(secret, salt).proof };
  try {
    mkdirSync(config.VIGIL_DATA, { recursive: true, mode: 0o700 });
    assertNoData(config);
    writeFileSync(draft, JSON.stringify(own), { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, path);
  } catch (error) {
    const others = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readMark(path) : undefined;
    if (others !== undefined) return others;
    if (error instanceof ShellError) {
      // Another process of the same start may have been first, and may have written data already.
      const first = readMark(path);
      if (first !== undefined) return first;
      throw error;
    }
    throw new ShellError('BAD_KEY', `cannot write ${path}: ${reasonOf(error)}`, {
      retryable: false,
      cause: error,
    });
  } finally {
    rmSync(draft, { force: true });
  }
  return own;
}

/** @throws ShellError NOT_ENCRYPTED */
function assertNoData(config: KeyConfig): void {
  const { spool, log, quarantine } = dataFolders(config);
  const isThere =
    [join(spool, 'meta.mdb'), join(log, 'meta.mdb')].some((path) => existsSync(path)) || hasFiles(quarantine);
  if (!isThere) return;
  throw new ShellError(
    'NOT_ENCRYPTED',
    `the data in ${config.VIGIL_DATA} is not encrypted; VIGIL_DATA_KEY works only for a new folder: move this folder away, or unset the key`,
    { retryable: false },
  );
}

function hasFiles(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isFile());
}

/** @returns undefined when there is no marker @throws ShellError BAD_KEY */
function readMark(path: string): Mark | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ShellError('BAD_KEY', `cannot read ${path}: ${reasonOf(error)}`, { retryable: false, cause: error });
  }
  try {
    return Mark.parse(JSON.parse(text));
  } catch {
    throw new ShellError('BAD_KEY', `${path} is damaged: restore it, the data cannot be read without it`, {
      retryable: false,
    });
  }
}
