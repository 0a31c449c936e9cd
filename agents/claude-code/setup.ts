/** Setup of Claude Code. Source of the managed file: code.claude.com/docs/en/settings. */
import { accessLines, headerValue } from '../setup/environment.ts';
import { jsonFile } from '../setup/json-file.ts';
import type { AgentSetup, Collector, ManagedFile } from '../setup/setup.ts';

const DETAILS = 'OTEL_LOG_TOOL_DETAILS';

export const setup: AgentSetup = {
  title: 'Claude Code',
  recipe: (collector) => ({
    where: 'environment',
    lines: [
      `export CLAUDE_CODE_ENABLE_TELEMETRY=1 OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp ${DETAILS}=1`,
      `export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_EXPORTER_OTLP_ENDPOINT=${collector.endpoint}`,
      // Claude Code does not decode the value.
      ...accessLines(collector, 'plain'),
    ],
  }),
  notes: [],
  managedFiles,
  switches: [
    {
      setting: `${DETAILS}=1`,
      isDefault: false,
      fields: [
        'commandLine',
        'program',
        'arguments',
        'filePath',
        'fileBytes',
        'networkHost',
        'networkPort',
        'networkProtocol',
      ],
    },
    { setting: 'OTEL_LOG_USER_PROMPTS=1', isDefault: false, fields: ['contentHash'] },
  ],
  resourceSettings: { host: 'OTEL_RESOURCE_INCLUDE_HOST=1' },
};

function managedFiles({ endpoint, credential }: Collector): readonly ManagedFile[] {
  const env = {
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    [DETAILS]: '1',
    OTEL_RESOURCE_INCLUDE_HOST: '1',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...(credential === undefined ? {} : { OTEL_EXPORTER_OTLP_HEADERS: headerValue(credential, 'plain') }),
  };
  return [
    {
      name: 'managed-settings.json',
      text: jsonFile({ env }),
      locations: [
        'Linux, WSL: /etc/claude-code/managed-settings.json',
        'macOS: /Library/Application Support/ClaudeCode/managed-settings.json',
        'Windows: C:\\Program Files\\ClaudeCode\\managed-settings.json',
      ],
    },
  ];
}
