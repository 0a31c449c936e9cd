/** Requests to a running Vigil over its HTTP interfaces, for commands that inspect it from outside. */
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { type RequestOptions, request as requestTls } from 'node:https';
import type { z } from 'zod';
import { type Config, isLoopback, readConfig } from '../platform/config.ts';
import { reasonOf } from '../platform/files/file-error.ts';
import { tlsFilesFor } from '../access/listening.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { ownPageUrl, pinnedTo } from './own-collector.ts';
import { UsageError } from './usage.ts';

const ANSWER_MS = 30_000;

/**
 * Options of every command that sends requests. A token is never an option itself, because the process list would show
 * it.
 */
export const ASKING_OPTIONS = {
  api: { type: 'string' },
  'token-file': { type: 'string' },
  ca: { type: 'string' },
} as const;

export const ASKING_HELP = `  --api URL            the audit API (default: on this machine, from VIGIL_HOST and VIGIL_HTTP_PORT)
  --token-file FILE    contains a token from vigil tokens create NAME --for read (default: VIGIL_TOKEN, else none)
  --ca FILE            PEM file with the authority of the server's certificate (default: VIGIL_CA, else the system's)`;

/** How to send requests to a server. */
export interface Asking {
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  /** How to verify the server's certificate. */
  readonly tls: Pick<RequestOptions, 'ca' | 'checkServerIdentity'>;
}

interface AskingValues {
  readonly api?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly ca?: string | undefined;
}

/**
 * Returns the audit API to use and how to send requests to it. @throws UsageError, ShellError UNREADABLE, BAD_CONFIG
 */
export function apiOf(values: AskingValues): {
  readonly api: string;
  readonly asking: Asking;
  readonly config: Config;
} {
  const config = readConfig();
  const api = values.api ?? ownPageUrl(config, config.VIGIL_HTTP_PORT);
  const token = values['token-file'] === undefined ? config.VIGIL_TOKEN : tokenIn(values['token-file']);
  return { api, config, asking: { token, tls: trustOf(config, values) } };
}

/** @throws ShellError UNREADABLE; UsageError when the file does not contain a token */
export function tokenIn(path: string): string {
  const token = read(path).toString('utf8').trim();
  if (!/^[A-Za-z0-9._~+/-]{1,512}=*$/.test(token))
    throw new UsageError(`${path} does not contain a token alone on one line`);
  return token;
}

/**
 * Returns the configured authority. For this machine's own server it is the server's certificate itself, regardless
 * of the name in it.
 */
function trustOf(config: Config, { api, ca }: AskingValues): Asking['tls'] {
  const authority = ca ?? config.VIGIL_CA;
  if (authority !== undefined) return { ca: read(authority) };
  const own = api === undefined ? tlsFilesFor(config, 'audit') : undefined;
  return own === undefined ? {} : pinnedTo(own.certificate);
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ShellError('UNREADABLE', `cannot read ${path}: ${reasonOf(error)}`, { retryable: false, cause: error });
  }
}

/** @param base value of `--<option>` @throws UsageError when it is not a URL */
export function addressOf(option: string, base: string, path: string, help: string): URL {
  try {
    return new URL(path, base);
  } catch {
    throw new UsageError(`--${option} ${base} is not a URL\n\n${help}`);
  }
}

/**
 * Returns the body of a response with status 200.
 *
 * @param who name for error messages, such as `the audit API`
 * @param body sent as JSON with POST
 * @throws ShellError NO_ANSWER; NO_CREDENTIAL when another credential is needed; IN_CLEAR when the token would be sent
 * in plaintext
 */
export async function fetchText(url: URL, who: string, asking: Asking, body?: string): Promise<string> {
  let answer: { readonly status: number; readonly text: string };
  try {
    answer = await send(url, asking, body);
  } catch (error) {
    if (error instanceof ShellError) throw error;
    throw noAnswer(url, `${who} does not respond (${messageOf(error)})`, error);
  }
  const { status, text } = answer;
  if (status === 200) return text;
  const said = `${who} answered ${status}: ${text.trim().slice(0, 300)}`;
  if (status !== 401 && status !== 403) throw noAnswer(url, said);
  throw new ShellError('NO_CREDENTIAL', `${url.origin}: ${said}`, { retryable: false });
}

/** @param what the expected content, such as `ledger` @throws as `fetchText` */
export async function fetchRecord<S extends z.ZodType>(
  url: URL,
  schema: S,
  what: string,
  asking: Asking,
): Promise<z.infer<S>> {
  const body = await fetchText(url, 'the audit API', asking);
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    throw noAnswer(url, `the response is not the ${what} of an audit API`, error);
  }
}

function send(
  url: URL,
  { token, tls }: Asking,
  body: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const isTls = url.protocol === 'https:';
  if (token !== undefined && !isTls && !isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
    throw new ShellError(
      'IN_CLEAR',
      `${url.origin} is neither https nor this machine: the token is not sent in plaintext`,
      {
        retryable: false,
      },
    );
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    signal: AbortSignal.timeout(ANSWER_MS),
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const sent = isTls ? requestTls(url, { ...options, ...tls }) : requestPlain(url, options);
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.setEncoding('utf8');
      response.toArray().then((parts) => resolve({ status: response.statusCode ?? 0, text: parts.join('') }), reject);
    });
    sent.end(body);
  });
}

function noAnswer(url: URL, what: string, cause?: unknown): ShellError {
  return new ShellError('NO_ANSWER', `${url.origin}: ${what}`, { retryable: true, cause });
}
