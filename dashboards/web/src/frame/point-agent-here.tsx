/** Shown while nothing has ever arrived: the lines that point an agent at this collector, and the demonstration. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { Notice } from './notice.tsx';

/** The collector's OTLP/HTTP port; it listens on the machine that serves this page unless it was set up otherwise. */
const OTLP_PORT = 4318;
const collectorUrl = (): string => `http://${location.hostname}:${OTLP_PORT}`;

const recipes = (url: string) => [
  {
    agent: 'Codex CLI',
    where: '~/.codex/config.toml',
    lines: [
      '[otel]',
      `exporter = { otlp-http = { endpoint = "${url}/v1/logs", protocol = "binary" } }`,
      `trace_exporter = { otlp-http = { endpoint = "${url}/v1/traces", protocol = "binary" } }`,
      `metrics_exporter = { otlp-http = { endpoint = "${url}/v1/metrics", protocol = "binary" } }`,
    ],
  },
  {
    agent: 'Claude Code',
    where: 'environment',
    lines: [
      'export CLAUDE_CODE_ENABLE_TELEMETRY=1',
      'export OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp',
      'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${url}`,
      'export OTEL_LOG_TOOL_DETAILS=1',
    ],
  },
  {
    agent: 'Gemini CLI',
    where: '~/.gemini/settings.json',
    lines: [`{ "telemetry": { "enabled": true, "otlpEndpoint": "${url}", "otlpProtocol": "http", "traces": true } }`],
  },
];

export interface PointAgentHereProps {
  readonly what: string;
  readonly tenant: string | undefined;
}

export function PointAgentHere({ what, tenant }: PointAgentHereProps) {
  const url = collectorUrl();
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
      <p>
        Point an agent at <code>{url}</code>; what it does shows here seconds later. Or run{' '}
        <code>npm start -- --demo</code>, which plays recorded sessions and a staged incident under the tenant{' '}
        <code>demo</code>.
      </p>
      <div className="recipes">
        {recipes(url).map(({ agent, where, lines }) => (
          <section key={agent} className="recipe">
            <h3>
              {agent} <span className="faint">{where}</span>
            </h3>
            <pre>{lines.join('\n')}</pre>
            <CopyButton text={lines.join('\n')} what={agent} />
          </section>
        ))}
      </div>
    </Notice>
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
