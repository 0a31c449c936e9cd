/**
 * Tells other processes that something was written, which LMDB does not do. A listener has a socket in the data folder,
 * and a writer sends it one byte. A poke is only a hint: if one is lost, the listener waits until its next poll.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Wake {
  /** Wakes every listener, in this process and in others. */
  poke(): void;
  /** @returns stops listening */
  listen(listener: () => void): () => void;
  close(): void;
}

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere, its end included. */
const SOCKET_PATH_BYTES = 103;
const SOCKET_NAME = /^(\d+)-[0-9a-f]{8}\.sock$/;
/** How often the folder is searched for new listeners. */
const LOOK_MS = 100;

/** @param folder the log's folder; if `undefined`, other processes are found by polling only */
export function createWake(folder: string | undefined): Wake {
  const listeners = new Set<() => void>();
  const home = folder === undefined ? undefined : homeFor(folder);
  const own = `${process.pid}-${randomBytes(4).toString('hex')}.sock`;
  const peers = new Map<string, Socket>();
  let server: Server | undefined;
  let lookedAt = -Infinity;

  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };

  const look = (): void => {
    const now = performance.now();
    if (home === undefined || now < lookedAt + LOOK_MS) return;
    lookedAt = now;
    for (const name of namesIn(home)) {
      if (name === own || peers.has(name)) continue;
      const socket = connect(join(home, name));
      socket.unref();
      peers.set(name, socket);
      socket.on('error', () => {
        // A killed process left this socket behind. A process that is only slow to listen keeps its socket.
        if (!isAlive(Number(SOCKET_NAME.exec(name)?.[1]))) rmSync(join(home, name), { force: true });
      });
      socket.on('close', () => peers.delete(name));
    }
  };

  const serve = (): void => {
    if (home === undefined || server !== undefined) return;
    server = createServer((socket) => {
      socket.unref();
      socket.on('data', tell);
      socket.on('error', () => socket.destroy());
    });
    // Without a socket, polling still works.
    server.on('error', () => undefined);
    server.listen(join(home, own));
    server.unref();
  };

  return {
    poke: () => {
      tell();
      look();
      // A byte that is still in the buffer arrives after this write and has the same effect.
      for (const socket of peers.values()) if (socket.writableLength === 0) socket.write('.');
    },
    listen: (listener) => {
      listeners.add(listener);
      serve();
      return () => listeners.delete(listener);
    },
    close: () => {
      listeners.clear();
      for (const socket of peers.values()) socket.destroy();
      if (server === undefined || home === undefined) return;
      server.close();
      rmSync(join(home, own), { force: true });
    },
  };
}

/** Returns a folder whose socket paths are short enough and in which no other user can create sockets. */
function homeFor(folder: string): string | undefined {
  const fits = (path: string): boolean =>
    Buffer.byteLength(join(path, `${'9'.repeat(10)}-00000000.sock`)) <= SOCKET_PATH_BYTES;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const home = [join(folder, 'wake'), join(tmpdir(), `vigil-${name}`)].find(fits);
  if (home === undefined) return undefined;
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(home);
    const isOurs = process.getuid === undefined || uid === process.getuid();
    return isOurs && (mode & 0o022) === 0 ? home : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(home: string): readonly string[] {
  try {
    return readdirSync(home).filter((name) => SOCKET_NAME.test(name));
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
