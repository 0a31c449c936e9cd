/** Shown while nothing has ever arrived: the lines that connect an agent to this collector, and the demo. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { TOKEN_PLACE, recipesFor } from '../../../../schemas/recipes.ts';
import { setupQuery } from '../api/queries.ts';
import { Loading, Notice } from './notice.tsx';

/** Placeholder in the lines for the unknown address. */
const PLACEHOLDER = 'http://COLLECTOR:4318';

export interface PointAgentHereProps {
  readonly what: string;
  readonly tenant: string | undefined;
}

export function PointAgentHere({ what, tenant }: PointAgentHereProps) {
  const setup = useQuery(setupQuery());
  if (setup.isPending) return <Loading what="the collector’s address" rows={2} />;
  const configured = setup.data?.otlpUrl ?? undefined;
  const url = configured ?? PLACEHOLDER;
  const needsCredential = setup.data?.needsCredential ?? false;
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
      {configured === undefined && (
        <p className="caution">
          The server does not know the collector’s address. Ask your administrator to set <code>VIGIL_OTLP_URL</code>.
        </p>
      )}
      <p>
        Connect an agent to <code>{url}</code>; its activity is shown here seconds later. Or run{' '}
        <code>npm start -- --demo</code>, which plays recorded sessions and a simulated incident under the tenant{' '}
        <code>demo</code>.
      </p>
      {needsCredential && (
        <p>
          The collector only accepts requests with a credential: replace <code>{TOKEN_PLACE}</code> in the lines with a
          token from <code>vigil tokens create NAME</code>.
        </p>
      )}
      <div className="recipes">
        {recipesFor({ otlpUrl: url, needsCredential }).map(({ agent, where, lines, environment }) => (
          <section key={agent} className="recipe">
            <RecipeLines agent={agent} where={where} lines={lines} />
            {environment !== undefined && <RecipeLines agent={agent} where="and the environment" lines={environment} />}
          </section>
        ))}
      </div>
    </Notice>
  );
}

interface RecipeLinesProps {
  readonly agent: string;
  readonly where: string;
  readonly lines: readonly string[];
}

function RecipeLines({ agent, where, lines }: RecipeLinesProps) {
  const text = lines.join('\n');
  return (
    <>
      <h3>
        {agent} <span className="faint">{where}</span>
      </h3>
      <pre>{text}</pre>
      <CopyButton text={text} what={`${agent}, ${where}`} />
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
