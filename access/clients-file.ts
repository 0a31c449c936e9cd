/**
 * The file of clients (VIGIL_TOKENS): JSON, replaced as a whole by a rename, so that a reader sees the old or the new file,
 * also over a network. It contains hashes of tokens and no token.
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
import { type ConfiguredToken, type Registry, createRegistry } from './registry.ts';
import { RegisteredClient } from './client.ts';

const ClientsFile = z
  .strictObject({ version: z.literal(1), senders: z.array(RegisteredClient) })
  .superRefine(({ senders }, context) => {
    const credentials = senders.flatMap((sender) => sender.credentials);
    const twice = [
      ...repeated(senders.map(({ tenant, sender }) => `${tenant}/${sender}`)),
      ...repeated(credentials.map(({ id }) => id)),
      ...repeated(credentials.flatMap((each) => (each.kind === 'certificate' ? [`certificate ${each.name}`] : []))),
    ];
    for (const what of twice) context.addIssue({ code: 'custom', message: `${what} appears twice` });
  });

/** Long enough for other commands, each of which takes milliseconds. */
const LOCK_MS = 10_000;
const LOCK_POLL_MS = 20;

/** @throws ShellError BAD_TOKENS naming the file and the place */
export function parseClients(path: string, content: Buffer | undefined): readonly RegisteredClient[] {
  if (content === undefined) return [];
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch (error) {
    throw badTokens(`${path} is not JSON: ${messageOf(error)}`);
  }
  const parsed = ClientsFile.safeParse(json);
  if (parsed.success) return parsed.data.senders;
  const issues = parsed.error.issues.slice(0, 3).map(({ path: at, message }) => `${at.join('.')}: ${message}`);
  throw badTokens(`${path} is not a file of clients: ${issues.join('; ')}`);
}

/** @throws ShellError BAD_TOKENS */
export function readClients(path: string): readonly RegisteredClient[] {
  let content: Buffer | undefined;
  try {
    content = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw badTokens(`cannot read ${path}: ${reasonOf(error)}`, error);
  }
  return parseClients(path, content);
}

export interface FollowClientsDeps {
  readonly path: string;
  /** Tokens of the configuration, which are known besides those of the file. */
  readonly configured: readonly ConfiguredToken[];
  readonly log: Log;
  readonly pollMs?: number;
}

/** The registry of the clients in the file, replaced whenever the file changes. @throws ShellError BAD_TOKENS */
export function followClients({ path, configured, log, pollMs }: FollowClientsDeps): Followed<Registry> {
  let wasThere = false;
  return followFiles({
    paths: [path],
    parse: ([content]) => {
      // Removing the file must not remove all credentials by accident; `vigil tokens revoke` is for that.
      if (content === undefined && wasThere) throw badTokens(`${path} is gone`);
      const registry = createRegistry(parseClients(path, content), configured);
      wasThere = content !== undefined;
      return registry;
    },
    onChange: ({ clients }) => log.info('clients reloaded', { path, clients: clients.length }),
    onFailure: (error) => log.error('clients not reloaded, the previous ones stay', { error: messageOf(error) }),
    ...(pollMs === undefined ? {} : { pollMs }),
  });
}

/**
 * Changes the file; changes at the same time happen one after the other.
 *
 * @param change receives the clients and returns what replaces them
 * @throws ShellError BAD_TOKENS; UNWRITABLE; ALREADY_RUNNING; what `change` throws, and then nothing is written
 */
export async function changeClients<T>(
  path: string,
  change: (clients: readonly RegisteredClient[]) => {
    readonly clients: readonly RegisteredClient[];
    readonly result: T;
  },
): Promise<T> {
  const lock = await lockInTime(path);
  try {
    const { clients, result } = change(readClients(path));
    const text = `${JSON.stringify({ version: 1, senders: clients }, null, 2)}\n`;
    parseClients(path, Buffer.from(text));
    replace(path, text);
    return result;
  } finally {
    lock.release();
  }
}

async function lockInTime(path: string): Promise<ReturnType<typeof lockFor>> {
  for (const deadline = Date.now() + LOCK_MS; ;) {
    try {
      return lockFor(`${path}.lock`, `the file of clients ${path}`);
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

/** When root creates tokens for a service, the file stays the service's. */
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
