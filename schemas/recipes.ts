/** What to write where, so that an agent sends to a collector; README, `vigil up` and the page say the same. Pure. */

export interface Recipe {
  readonly agent: string;
  /** The file, or the environment. */
  readonly where: string;
  readonly lines: readonly string[];
}

/** @param otlpUrl base address of the collector, without a path */
export const recipesFor = (otlpUrl: string): readonly Recipe[] => [
  {
    agent: 'Codex CLI',
    where: '~/.codex/config.toml',
    lines: [
      '[otel]',
      `exporter = { otlp-http = { endpoint = "${otlpUrl}/v1/logs", protocol = "json" } }`,
      'metrics_exporter = "none"',
    ],
  },
  {
    agent: 'Claude Code',
    where: 'environment',
    lines: [
      'export CLAUDE_CODE_ENABLE_TELEMETRY=1 OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp OTEL_LOG_TOOL_DETAILS=1',
      `export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`,
    ],
  },
  {
    agent: 'Gemini CLI',
    where: '~/.gemini/settings.json',
    lines: [
      `{ "telemetry": { "enabled": true, "target": "local", "otlpEndpoint": "${otlpUrl}", "otlpProtocol": "http" } }`,
    ],
  },
  {
    agent: 'Qwen Code',
    where: '~/.qwen/settings.json',
    lines: [`{ "telemetry": { "enabled": true, "otlpEndpoint": "${otlpUrl}", "otlpProtocol": "http" } }`],
  },
  {
    agent: 'OpenCode',
    where: 'environment',
    lines: [
      '# opencode.json has { "experimental": { "openTelemetry": true } }',
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`,
    ],
  },
  {
    agent: 'GitHub Copilot CLI',
    where: 'environment',
    lines: [
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl} OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true`,
      'export OTEL_RESOURCE_ATTRIBUTES=enduser.id=$USER,host.name=$(hostname)',
    ],
  },
];
