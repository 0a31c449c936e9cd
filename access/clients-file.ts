/**
 * The file of senders (VIGIL_TOKENS): JSON, replaced whole by a rename, so that whoever reads it, over a network too, sees
 * the old or the new one. It holds hashes of tokens and no token.
 */
import {
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { reasonOf } from '../platform/files/file-error.ts';
import { type Followed, followFiles } from '../platform/files/follow-files.ts';
import type { Log } from '../platform/log.ts';
import { lockFor } from '../platform/process/process-lock.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { type Registry, createRegistry } from './registry.ts';
import { Sender } from './client.ts';

const SendersFile = z
  .strictObject({ version: z.literal(1), senders: z.array(Sender) })
  .superRefine(({ senders }, context) => {
    const credentials = senders.flatMap((sender) => sender.credentials);
    const twice = [
      ...repeated(senders.map(({ tenant, sender }) => `${tenant}/${sender}`)),
      ...repeated(credentials.map(({ id }) => id)),
      ...repeated(credentials.flatMap((each) => (each.kind === 'certificate' ? [`certificate ${each.name}`] : []))),
    ];
    for (const what of twice) context.addIssue({ code: 'custom', message: `${what} stands there twice` });
  });

/** Time enough for other commands, of which each takes milliseconds. */
const LOCK_MS = 10_000;
const LOCK_POLL_MS = 20;

/** @throws ShellError BAD_TOKENS naming the file and the place */
export function parseSenders(path: string, content: Buffer | undefined): readonly Sender[] {
  if (content === undefined) return [];
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch (error) {
    throw badTokens(`${path} is not JSON: ${messageOf(error)}`);
  }
  const parsed = SendersFile.safeParse(json);
  if (parsed.success) return parsed.data.senders;
  const issues = parsed.error.issues.slice(0, 3).map(({ path: at, message }) => `${at.join('.')}: ${message}`);
  throw badTokens(`${path} is not a file of senders: ${issues.join('; ')}`);
}

/** @throws ShellError BAD_TOKENS */
export function readSenders(path: string): readonly Sender[] {
  let content: Buffer | undefined;
  try {
    content = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw badTokens(`cannot read ${path}: ${reasonOf(error)}`, error);
  }
  return parseSenders(path, content);
}

/** What of the file is in force, now and whenever it changes. @throws ShellError BAD_TOKENS */
export function followSenders(path: string, log: Log, pollMs?: number): Followed<Registry> {
  let wasThere = false;
  return followFiles({
    paths: [path],
    parse: ([content]) => {
      // Nobody takes credentials away by removing the file: that is what `vigil tokens revoke` is for.
      if (content === undefined && wasThere) throw badTokens(`${path} is gone`);
      const registry = createRegistry(parseSenders(path, content));
      wasThere = content !== undefined;
      return registry;
    },
    onChange: ({ senders }) => log.info('senders reloaded', { path, senders: senders.length }),
    onFailure: (error) => log.error('senders not reloaded, those before stay', { error: messageOf(error) }),
    ...(pollMs === undefined ? {} : { pollMs }),
  });
}

/**
 * Changes the file; of several who do so at once each has its turn.
 *
 * @param change gets the senders as they are, and gives those that shall be
 * @throws ShellError BAD_TOKENS; UNWRITABLE; ALREADY_RUNNING; and what `change` throws, then nothing is written
 */
export async function changeSenders<T>(
  path: string,
  change: (senders: readonly Sender[]) => { readonly senders: readonly Sender[]; readonly result: T },
): Promise<T> {
  const lock = await lockInTime(path);
  try {
    const { senders, result } = change(readSenders(path));
    const text = `${JSON.stringify({ version: 1, senders }, null, 2)}\n`;
    parseSenders(path, Buffer.from(text));
    replace(path, text);
    return result;
  } finally {
    lock.release();
  }
}

async function lockInTime(path: string): Promise<ReturnType<typeof lockFor>> {
  for (const deadline = Date.now() + LOCK_MS; ;) {
    try {
      return lockFor(`${path}.lock`, `the file of senders ${path}`);
    } catch (error) {
      const isTaken = error instanceof ShellError && error.code === 'ALREADY_RUNNING';
      if (!isTaken || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  }
}

/** @throws ShellError UNWRITABLE */
function replace(path: string, text: string): void {
  const written = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const before = statSync(path, { throwIfNoEntry: false });
    const file = openSync(written, 'w', before === undefined ? 0o600 : before.mode & 0o777);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    keepOwner(written, before ?? statSync(dirname(path)));
    renameSync(written, path);
  } catch (error) {
    rmSync(written, { force: true });
    throw new ShellError('UNWRITABLE', `cannot write ${path}: ${reasonOf(error)}`, { retryable: false, cause: error });
  }
}

/** Root that makes tokens for a service does not take the file from it. */
function keepOwner(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

function repeated(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
}

function badTokens(message: string, cause?: unknown): ShellError {
  return new ShellError('BAD_TOKENS', message, { retryable: false, cause });
}
