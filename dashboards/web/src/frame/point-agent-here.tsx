/** Shown while nothing has ever arrived: the lines that point an agent at this collector, and the demonstration. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { COLLECTOR_PLACEHOLDER, TOKEN_PLACEHOLDER } from '../../../../schemas/api/placeholders.ts';
import { setupQuery } from '../api/queries.ts';
import { Loading, Notice } from './notice.tsx';

export interface PointAgentHereProps {
  readonly what: string;
  readonly tenant: string | undefined;
}

export function PointAgentHere({ what, tenant }: PointAgentHereProps) {
  const setup = useQuery(setupQuery());
  if (setup.isPending) return <Loading what="the collector’s address" rows={2} />;
  const { otlpUrl = null, needsCredential = false, recipes = [] } = setup.data ?? {};
  return (
    <Notice
      title={`No ${what} yet: nothing has arrived${tenant === undefined ? '' : ' for this tenant'}`}
      actions={
        tenant === 'demo' ? undefined : (
          <Link to="/alerts" search={{ tenant: 'demo' }} className="button">
            Open the demo’s data
          </Link>
        )
      }
    >
      {otlpUrl === null && (
        <p className="caution">
          The server does not know where agents reach its collector. Ask your administrator for the address;{' '}
          <code>VIGIL_OTLP_URL</code> sets it for this page.
        </p>
      )}
      <p>
        Point an agent at <code>{otlpUrl ?? COLLECTOR_PLACEHOLDER}</code>; what it does shows here seconds later. Or run{' '}
        <code>npm start -- --demo</code>, which plays recorded sessions and a staged incident under the tenant{' '}
        <code>demo</code>.
      </p>
      {needsCredential && (
        <p>
          The collector accepts only requests with a credential: put a token of{' '}
          <code>vigil tokens create NAME</code> where the lines say <code>{TOKEN_PLACEHOLDER}</code>.
        </p>
      )}
      <div className="recipes">
        {recipes.map(({ agent, title, where, lines, environment }) => (
          <section key={agent} className="recipe">
            <RecipeLines title={title} where={where} lines={lines} />
            {environment !== undefined && <RecipeLines title={title} where="and the environment" lines={environment} />}
          </section>
        ))}
      </div>
    </Notice>
  );
}

interface RecipeLinesProps {
  readonly title: string;
  readonly where: string;
  readonly lines: readonly string[];
}

function RecipeLines({ title, where, lines }: RecipeLinesProps) {
  const text = lines.join('\n');
  return (
    <>
      <h3>
        {title} <span className="faint">{where}</span>
      </h3>
      <pre>{text}</pre>
      <CopyButton text={text} what={`${title}, ${where}`} />
    </>
  );
}

function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState('Copy');
  return (
    <Button
      className="button"
      aria-label={`${said} the lines for ${what}`}
      onPress={() => {
        // Without TLS or on a foreign host the browser offers no clipboard; the lines can be selected by hand.
        const clipboard = navigator.clipboard as Clipboard | undefined;
        const done = clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'));
        done.then(
          () => setSaid('Copied'),
          () => setSaid('Select and copy by hand'),
        );
      }}
    >
      {said}
    </Button>
  );
}
