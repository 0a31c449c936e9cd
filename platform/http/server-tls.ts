/**
 * TLS for the servers of a process: certificate, key and the authority of client certificates from files, TLS 1.2 at least,
 * reloaded without a restart. An open connection keeps its original certificate.
 */
import { X509Certificate, constants, createPrivateKey } from 'node:crypto';
import { type Server, type TlsOptions, createSecureContext } from 'node:tls';
import { followFiles } from '../files/follow-files.ts';
import type { Log } from '../log.ts';
import { ShellError, messageOf } from '../shell-error.ts';

export interface TlsFiles {
  /** PEM: the server's certificate, then the intermediate certificates. */
  readonly certificate: string;
  /** PEM, without a passphrase. */
  readonly key: string;
  /** PEM: authorities whose client certificates are accepted. Without it the server requests none. */
  readonly clientCa?: string;
}

export interface ServerTlsDeps {
  readonly files: TlsFiles;
  /** True when a connection without a client certificate is refused; else it may prove itself otherwise. */
  readonly clientCertificateRequired: boolean;
  readonly log: Log;
  readonly now: () => number;
  readonly pollMs?: number;
}

export interface ServerTls {
  /** For `createServer` of `node:https` and `createSecureServer` of `node:http2`. */
  readonly options: () => TlsOptions;
  /** Expiry of the server's certificate, ms since epoch. */
  readonly notAfterMs: () => number;
  /** Updates the server whenever the files change. */
  attach(server: Pick<Server, 'setSecureContext'>): void;
  stop(): void;
}

interface Loaded {
  readonly options: TlsOptions;
  readonly notAfterMs: number;
}

/** Ends a connection that sends nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** @throws ShellError BAD_TLS naming the file and what is wrong with it */
export function openServerTls({ files, clientCertificateRequired, log, now, pollMs }: ServerTlsDeps): ServerTls {
  const servers = new Set<Pick<Server, 'setSecureContext'>>();
  const paths = [files.certificate, files.key, ...(files.clientCa === undefined ? [] : [files.clientCa])];
  const parse = ([certificate, key, clientCa]: readonly (Buffer | undefined)[]): Loaded => {
    const notAfterMs = check(files, certificate, key, clientCa, now());
    const options: TlsOptions = {
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...(clientCa === undefined
        ? {}
        : {
            ca: clientCa,
            requestCert: true,
            rejectUnauthorized: clientCertificateRequired,
            // A resumed session would reuse its client certificate without another check.
            secureOptions: constants.SSL_OP_NO_TICKET,
          }),
    };
    createContext(files, options);
    return { options, notAfterMs };
  };
  const followed = followFiles({
    paths,
    parse,
    onChange: (loaded) => {
      for (const server of servers) server.setSecureContext(loaded.options);
      log.info('certificates reloaded', { notAfter: new Date(loaded.notAfterMs).toISOString() });
    },
    onFailure: (error) => log.error('certificates not reloaded, the ones before stay', { error: messageOf(error) }),
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  return {
    options: () => followed.value().options,
    notAfterMs: () => followed.value().notAfterMs,
    attach: (server) => servers.add(server),
    stop: () => followed.stop(),
  };
}

/** @returns when the server's certificate ends, ms since epoch @throws ShellError BAD_TLS */
function check(
  files: TlsFiles,
  certificate: Buffer | undefined,
  key: Buffer | undefined,
  clientCa: Buffer | undefined,
  now: number,
): number {
  const first = readPem(files.certificate, 'a certificate', certificate, (pem) => new X509Certificate(pem));
  const privateKey = readPem(files.key, 'a private key without a passphrase', key, (pem) => createPrivateKey(pem));
  if (!first.checkPrivateKey(privateKey))
    throw badTls(`the key in ${files.key} is not the one of the certificate in ${files.certificate}`);
  const notAfterMs = Date.parse(first.validTo);
  if (notAfterMs <= now) throw badTls(`the certificate in ${files.certificate} has ended at ${first.validTo}`);
  if (files.clientCa !== undefined)
    readPem(files.clientCa, 'a certificate', clientCa, (pem) => new X509Certificate(pem));
  return notAfterMs;
}

function readPem<T>(path: string, what: string, pem: Buffer | undefined, read: (pem: Buffer) => T): T {
  if (pem === undefined) throw badTls(`there is no file ${path}`);
  try {
    return read(pem);
  } catch (error) {
    throw badTls(`${path} does not hold ${what} in PEM`, error);
  }
}

/** What only OpenSSL knows, such as keys it deems too short. */
function createContext(files: TlsFiles, options: TlsOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw badTls(`the certificate in ${files.certificate} cannot be used: ${messageOf(error)}`, error);
  }
}

function badTls(message: string, cause?: unknown): ShellError {
  return new ShellError('BAD_TLS', message, { retryable: false, cause });
}
