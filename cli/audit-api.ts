/** Asks a running Vigil over its HTTP interfaces, for commands that look at it from outside. */
import type { z } from 'zod';
import { readConfig } from '../platform/config.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { UsageError } from './usage.ts';

const ANSWER_MS = 30_000;

/** @param base what `--<option>` says @throws UsageError when that is no URL */
export function addressOf(option: string, base: string, path: string, help: string): URL {
  try {
    return new URL(path, base);
  } catch {
    throw new UsageError(`--${option} ${base} is not a URL\n\n${help}`);
  }
}

/** The audit API of this machine, where no other is named. */
export const defaultApi = (): string => `http://127.0.0.1:${readConfig().VIGIL_HTTP_PORT}`;

/** The body of an answer of 200. @param who as a sentence names it: `the audit API` @throws ShellError NO_ANSWER */
export async function fetchText(url: URL, who: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const body = await response.text();
    if (response.ok) return body;
    throw noAnswer(url, `${who} answered ${response.status}: ${body.slice(0, 300)}`);
  } catch (error) {
    if (error instanceof ShellError) throw error;
    throw noAnswer(url, `${who} does not answer (${messageOf((error as Error).cause ?? error)})`, error);
  }
}

/** @param what it should be: `ledger` @throws ShellError NO_ANSWER */
export async function fetchRecord<S extends z.ZodType>(url: URL, schema: S, what: string): Promise<z.infer<S>> {
  const body = await fetchText(url, 'the audit API');
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    throw noAnswer(url, `that is no ${what} of an audit API`, error);
  }
}

function noAnswer(url: URL, what: string, cause?: unknown): ShellError {
  return new ShellError('NO_ANSWER', `${url.origin}: ${what}`, { retryable: true, cause });
}
