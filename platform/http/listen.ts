/** Listens on a port; if that fails, the error says why and which setting changes the port. */
import type { AddressInfo, Server } from 'node:net';
import { reasonOf } from '../files/file-error.ts';
import { ShellError } from '../shell-error.ts';

export interface Listen {
  readonly host: string;
  /** 0 selects any free port. */
  readonly port: number;
  /** What the port is for, and the setting that names it. */
  readonly purpose: string;
  readonly setting: string;
}

/**
 * @returns the port taken
 * @throws ShellError PORT_TAKEN when another program has it; CANNOT_LISTEN for every other reason
 */
export async function listen(server: Server, address: Listen): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(listenError(error, address));
    server.once('error', fail);
    server.listen(address.port, address.host, () => {
      server.off('error', fail);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

function listenError(error: NodeJS.ErrnoException, { host, port, purpose, setting }: Listen): ShellError {
  const failed = (code: string, sentence: string): ShellError =>
    new ShellError(code, sentence, { retryable: false, cause: error });
  switch (error.code) {
    case 'EADDRINUSE':
      return failed(
        'PORT_TAKEN',
        `port ${port} for ${purpose} is taken by another program; set ${setting} to a free one`,
      );
    case 'EACCES':
      return failed(
        'CANNOT_LISTEN',
        `port ${port} for ${purpose} may not be taken by this user; set ${setting} to one above 1023`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failed('CANNOT_LISTEN', `VIGIL_HOST is ${host}, which is not an address of this machine`);
    default:
      return failed('CANNOT_LISTEN', `cannot listen on port ${port} of ${host} for ${purpose}: ${reasonOf(error)}`);
  }
}

/** The URL of this host without a path, with IPv6 addresses in brackets. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
