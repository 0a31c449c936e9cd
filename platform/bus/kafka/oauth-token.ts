/** Gets tokens for SASL/OAUTHBEARER with the OAuth 2.0 client credentials grant (RFC 6749, section 4.4). */
import { z } from 'zod';
import { ShellError, messageOf } from '../../shell-error.ts';

export interface TokenSourceOptions {
  /** Token endpoint. */
  readonly url: string;
  readonly clientId: string;
  readonly secret: string;
  readonly scope?: string | undefined;
  /** ms since epoch */
  readonly now: () => number;
}

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.number().min(0).optional() });
const ANSWER_MS = 10_000;
/** A token is renewed when a fifth of its lifetime is left. A token without a stated lifetime is used for a minute. */
const USED_OF_LIFE = 0.8;
const UNTOLD_SECONDS = 60;

/** @returns a function that returns a valid token; it throws ShellError BUS_UNAVAILABLE when none is available */
export function createTokenSource({ url, clientId, secret, scope, now }: TokenSourceOptions): () => Promise<string> {
  let held: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const asked = now();
    const { access_token: token, expires_in: seconds = UNTOLD_SECONDS } = await fetchToken(
      url,
      clientId,
      secret,
      scope,
    );
    held = { token, until: asked + seconds * 1000 * USED_OF_LIFE };
    return token;
  };
  return () => {
    if (held !== undefined && held.until > now()) return Promise.resolve(held.token);
    return (asking ??= ask().finally(() => (asking = undefined)));
  };
}

async function fetchToken(url: string, clientId: string, secret: string, scope: string | undefined) {
  const failed = (what: string, cause?: unknown): ShellError =>
    new ShellError('BUS_UNAVAILABLE', `cannot get a token for Kafka from ${url}: ${what}`, { retryable: true, cause });
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`,
        accept: 'application/json',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    throw failed(messageOf((error as Error).cause ?? error), error);
  }
  if (!response.ok) throw failed(`status ${response.status}`);
  const parsed = Answer.safeParse(await response.json().catch(() => undefined));
  // The invalid response may contain the token, so it is not included in the message.
  if (!parsed.success) throw failed('the response has no access_token');
  return parsed.data;
}
