/** What a screen shows when it has no rows: each state says what happened and what to do next. */
import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { ApiError } from '../api/client.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';

export interface NoticeProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  readonly tone?: 'plain' | 'bad';
}

export function Notice({ title, children, actions, tone = 'plain' }: NoticeProps) {
  return (
    <section className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <h2>{title}</h2>
      {children}
      {actions !== undefined && <div className="actions">{actions}</div>}
    </section>
  );
}

const SHOWN_AFTER_MS = 150;
const SLOW_AFTER_MS = 5_000;

/** Shows nothing for a moment, then placeholders; says when the answer is slow. */
export function Loading({ what, rows = 8 }: { readonly what: string; readonly rows?: number }) {
  const [stage, setStage] = useState<'blink' | 'shown' | 'slow'>('blink');
  useEffect(() => {
    const shown = window.setTimeout(() => setStage('shown'), SHOWN_AFTER_MS);
    const slow = window.setTimeout(() => setStage('slow'), SLOW_AFTER_MS);
    return () => {
      window.clearTimeout(shown);
      window.clearTimeout(slow);
    };
  }, []);
  if (stage === 'blink') return null;
  return (
    <div className="loading" role="status" aria-label={`Loading ${what}`}>
      <p className="loading-text">
        {stage === 'slow' ? `Still waiting for ${what}. A shorter time range answers sooner.` : `Loading ${what} …`}
      </p>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton" />
      ))}
    </div>
  );
}

export interface FailureNoticeProps {
  readonly error: Error;
  /** For example `the alerts` or `this session`. */
  readonly what: string;
  readonly onRetry: () => void;
  /** Set when filters may be the reason. */
  readonly onClear?: (() => void) | undefined;
}

export function FailureNotice({ error, what, onRetry, onClear }: FailureNoticeProps) {
  const retry = (
    <Button className="button primary" onPress={onRetry}>
      Try again
    </Button>
  );
  const clear =
    onClear === undefined ? undefined : (
      <Button className="button" onPress={onClear}>
        Clear the filters
      </Button>
    );
  if (!(error instanceof ApiError))
    return (
      <Notice tone="bad" title={`Showing ${what} failed on this page`} actions={retry}>
        <p>The data is safe; the error is in this page. If it happens again, please report the text below.</p>
        <p className="quoted">
          <Untrusted text={String(error)} limit={600} mono />
        </p>
      </Notice>
    );
  const said = <Said error={error} />;
  switch (error.failure) {
    case 'bad-request':
      return (
        <Notice tone="bad" title="The server does not accept this filter" actions={<>{clear ?? retry}</>}>
          {said}
        </Notice>
      );
    case 'refused':
      return (
        <Notice tone="bad" title={`You may not see ${what}`} actions={retry}>
          {said}
          <p>
            {error.status === 401
              ? 'The server needs to know who you are. Sign in, then try again.'
              : 'Your account does not have the right to read this tenant. Ask your administrator for it, and show them this text.'}
          </p>
        </Notice>
      );
    case 'not-found':
      return (
        <Notice
          title={`${what.charAt(0).toUpperCase()}${what.slice(1)} was not found`}
          actions={
            <>
              <Link to="/sessions" className="button">
                All sessions
              </Link>
              <Link to="/alerts" search={{}} className="button">
                All alerts
              </Link>
              <Button className="button" onPress={onRetry}>
                Try again
              </Button>
            </>
          }
        >
          {said}
          <p>
            The link may belong to another tenant or be mistyped, retention may have deleted the data, or the telemetry
            has not arrived yet.
          </p>
        </Notice>
      );
    case 'too-large':
      return (
        <Notice
          tone="bad"
          title="The result is too large"
          actions={
            <>
              {clear}
              {retry}
            </>
          }
        >
          {said}
          <p>Choose a shorter time range or add a filter.</p>
        </Notice>
      );
    case 'unavailable':
      return (
        <Notice tone="bad" title={`The audit API does not respond to the request for ${what}`} actions={retry}>
          {said}
          <p>
            Collection and detection continue without it; nothing is lost. Check whether <code>vigil up</code> is
            running, and read its log. This page retries every ten seconds.
          </p>
        </Notice>
      );
    case 'broken':
      return (
        <Notice
          tone="bad"
          title={`The audit API failed to load ${what}`}
          actions={
            <>
              {retry}
              {clear}
            </>
          }
        >
          {said}
          <p>
            Its log contains the reason. If the page and the server have different versions, reloading the page helps.
          </p>
        </Notice>
      );
  }
}

/** Shows the server's message unchanged. */
function Said({ error }: { readonly error: ApiError }) {
  const { title, detail, errors = [] } = error.problem;
  return (
    <div className="said">
      <p className="quoted">
        {error.status > 0 && <span className="status-code">{error.status} </span>}
        <Untrusted text={[title, detail].filter((part) => part !== undefined).join(': ')} limit={600} />
      </p>
      {errors.length > 0 && (
        <ul>
          {errors.slice(0, 20).map(({ field, message }, index) => (
            <li key={index}>
              <Untrusted text={field} mono limit={100} /> <Untrusted text={message} limit={300} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function CrashNotice({ error, reset }: ErrorComponentProps) {
  return (
    <main className="screen">
      <FailureNotice
        error={error instanceof Error ? error : new Error(String(error))}
        what="this screen"
        onRetry={reset}
      />
    </main>
  );
}

export function NowhereNotice() {
  return (
    <main className="screen">
      <Notice
        title="There is no screen at this address"
        actions={
          <Link to="/alerts" className="button primary">
            Go to the alerts
          </Link>
        }
      >
        <p>The link may be mistyped, or be from another version of Vigil.</p>
      </Notice>
    </main>
  );
}
