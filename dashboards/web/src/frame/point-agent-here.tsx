/** Shown while nothing has ever arrived: the lines that connect an agent to this collector, and the demo. */
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
          The server does not know the collector’s address. Ask your administrator to set <code>VIGIL_OTLP_URL</code>.
        </p>
      )}
      <p>
        Connect an agent to <code>{otlpUrl ?? COLLECTOR_PLACEHOLDER}</code>; its activity is shown here seconds later.
        Or run <code>npm start -- --demo</code>, which plays recorded sessions and a simulated incident under the tenant{' '}
        <code>demo</code>.
      </p>
      {needsCredential && (
        <p>
          The collector only accepts requests with a credential: replace <code>{TOKEN_PLACEHOLDER}</code> in the lines
          with a token from <code>vigil tokens create NAME</code>.
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
        // Without TLS or on a foreign host the browser has no clipboard; the lines can be selected by hand.
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
