/** What to write where, so that an agent sends to a collector; README, `vigil up` and the page say the same. Pure. */

export interface Recipe {
  readonly agent: string;
  /** The file, or the environment. */
  readonly where: string;
  readonly lines: readonly string[];
  /** What has to stand in the environment besides, where the file has no place for it. */
  readonly environment?: readonly string[];
}

export interface Collector {
  /** Base address, without a path. */
  readonly otlpUrl: string;
  /** Whether it takes requests with a credential only. */
  readonly needsCredential: boolean;
}

/** Stands where the token of `vigil tokens create` belongs. */
export const TOKEN_PLACE = 'TOKEN';
/** Of an authority of one's own; certificates of a public one need none. */
const CA_FILE = '/etc/vigil/ca.crt';

export function recipesFor({ otlpUrl, needsCredential }: Collector): readonly Recipe[] {
  const own = otlpUrl.startsWith('https:')
    ? [`# with an authority of your own: export NODE_EXTRA_CA_CERTS=${CA_FILE}`]
    : [];
  const access = (separator: ' ' | '%20'): readonly string[] => [
    ...(needsCredential ? [`export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer${separator}${TOKEN_PLACE}"`] : []),
    ...own,
  ];
  // OpenTelemetry has the value percent-encoded; Claude Code and OpenCode take it as it is.
  const [asItIs, encoded] = [access(' '), access('%20')];
  const besides = encoded.length === 0 ? {} : { environment: encoded };
  return [
    { agent: 'Codex CLI', where: '~/.codex/config.toml', lines: codexLines({ otlpUrl, needsCredential }) },
    {
      agent: 'Claude Code',
      where: 'environment',
      lines: [
        'export CLAUDE_CODE_ENABLE_TELEMETRY=1 OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp OTEL_LOG_TOOL_DETAILS=1',
        `export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`,
        ...asItIs,
      ],
    },
    {
      agent: 'Gemini CLI',
      where: '~/.gemini/settings.json',
      lines: [
        `{ "telemetry": { "enabled": true, "target": "local", "otlpEndpoint": "${otlpUrl}", "otlpProtocol": "http" } }`,
      ],
      ...besides,
    },
    {
      agent: 'Qwen Code',
      where: '~/.qwen/settings.json',
      lines: [`{ "telemetry": { "enabled": true, "otlpEndpoint": "${otlpUrl}", "otlpProtocol": "http" } }`],
      ...besides,
    },
    {
      agent: 'OpenCode',
      where: 'environment',
      lines: [
        '# opencode.json has { "experimental": { "openTelemetry": true } }',
        `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`,
        ...asItIs,
      ],
    },
    {
      agent: 'GitHub Copilot CLI',
      where: 'environment',
      lines: [
        `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl} OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`,
        'export OTEL_RESOURCE_ATTRIBUTES=enduser.id=$USER,host.name=$(hostname)',
        ...encoded,
      ],
    },
  ];
}

/** An inline table of TOML 1.0 is one line. */
function codexLines({ otlpUrl, needsCredential }: Collector): readonly string[] {
  const headers = needsCredential ? `, headers = { "authorization" = "Bearer ${TOKEN_PLACE}" }` : '';
  return [
    '[otel]',
    `exporter = { otlp-http = { endpoint = "${otlpUrl}/v1/logs", protocol = "json"${headers} } }`,
    ...(otlpUrl.startsWith('https:')
      ? [`# with an authority of your own, add inside otlp-http = { … }: tls = { ca-certificate = "${CA_FILE}" }`]
      : []),
    'metrics_exporter = "none"',
  ];
}
