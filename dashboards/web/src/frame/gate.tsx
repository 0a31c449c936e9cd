/** Shown before every screen: it renders the screens if the user may read, or the form to sign in. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/client.ts';
import { changeReader, signIn, signInQuery } from '../api/sign-in.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { Frame } from './frame.tsx';

export function Gate() {
  const { data, isPending } = useQuery(signInQuery());
  if (isPending) return null;
  return data?.state === 'signed_out' ? <SignInScreen /> : <Frame />;
}

function SignInScreen() {
  const queries = useQueryClient();
  const [token, setToken] = useState('');
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      changeReader(queries, await signIn(token.trim()));
    } catch (error) {
      setFailure(sentenceOf(error));
      setToken('');
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="screen sign-in">
      <form
        className="notice"
        aria-label="Sign in"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h1>
          <img src="/vigil.svg" alt="" width="28" height="28" /> Sign in to Vigil
        </h1>
        <label>
          Token
          <input
            autoFocus
            required
            className="input mono"
            type="password"
            autoComplete="current-password"
            spellCheck={false}
            maxLength={512}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        {failure !== undefined && (
          <p className="caution" role="alert">
            <Untrusted text={failure} limit={300} />
          </p>
        )}
        <p className="faint">
          Ask your administrator for a token, created with <code>vigil tokens create NAME --for read</code>. It is sent
          once; this browser then stays signed in for twelve hours, or until you sign out.
        </p>
        <div className="actions">
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? 'Signing in …' : 'Sign in'}
          </button>
        </div>
      </form>
    </main>
  );
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiError)) return `Signing in failed on this page: ${String(error)}`;
  const { title, detail } = error.problem;
  return detail ?? title ?? 'The server did not accept the token';
}
