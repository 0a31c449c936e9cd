/**
 * The files with which device management connects an agent to a collector. Pure.
 *
 * Sources: developers.openai.com/codex/enterprise/managed-configuration and `codex-rs/config` (Codex),
 * code.claude.com/docs/en/settings (Claude Code), geminicli.com/docs/reference/configuration (Gemini CLI),
 * qwenlm.github.io/qwen-code-docs, "settings" (Qwen Code). docs/how-to/fleet.md says what was tested.
 */

export interface ManagedFile {
  /** Name of the file on the device. */
  readonly name: string;
  readonly text: string;
  /** Location on the device, one line for each operating system. */
  readonly locations: readonly string[];
}

export interface Target {
  /** Base URL of the collector for OTLP/HTTP, without a path and without a slash at the end. */
  readonly endpoint: string;
  /** Bearer token of the device, with the characters of RFC 6750. */
  readonly credential: string | undefined;
}

export const MANAGED: Readonly<Record<string, (target: Target) => readonly ManagedFile[]>> = {
  codex: codexFiles,
  'claude-code': claudeFiles,
  'gemini-cli': (target) => settingsFiles(target, { target: 'local' }, 'gemini-cli', 'GeminiCli'),
  'qwen-code': (target) => settingsFiles(target, {}, 'qwen-code', 'QwenCode'),
};

/**
 * Requirements override the user's own configuration; versions that do not support `[otel]` there still use the
 * defaults.
 */
function codexFiles({ endpoint, credential }: Target): readonly ManagedFile[] {
  const headers = credential === undefined ? '' : `, headers = { "authorization" = "Bearer ${credential}" }`;
  const otel = [
    '[otel]',
    `exporter = { otlp-http = { endpoint = "${endpoint}/v1/logs", protocol = "json"${headers} } }`,
    'metrics_exporter = "none"',
    'trace_exporter = "none"',
    '',
  ].join('\n');
  const at = (name: string): readonly string[] => [
    `Linux, macOS: /etc/codex/${name}`,
    `Windows: %ProgramData%\\OpenAI\\Codex\\${name}`,
  ];
  return [
    {
      name: 'requirements.toml',
      text: `# What users cannot change.\n${otel}`,
      locations: [
        ...at('requirements.toml'),
        'macOS by MDM: com.openai.codex, key requirements_toml_base64 (this file as base64)',
      ],
    },
    {
      name: 'config.toml',
      text: `# Defaults, for versions whose requirements know no [otel].\n${otel}`,
      locations: at('config.toml'),
    },
  ];
}

function claudeFiles({ endpoint, credential }: Target): readonly ManagedFile[] {
  const env = {
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOG_TOOL_DETAILS: '1',
    OTEL_RESOURCE_INCLUDE_HOST: '1',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    // The value is not encoded, because Claude Code does not decode it.
    ...(credential === undefined ? {} : { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${credential}` }),
  };
  return [
    {
      name: 'managed-settings.json',
      text: json({ env }),
      locations: [
        'Linux, WSL: /etc/claude-code/managed-settings.json',
        'macOS: /Library/Application Support/ClaudeCode/managed-settings.json',
        'Windows: C:\\Program Files\\ClaudeCode\\managed-settings.json',
      ],
    },
  ];
}

/** Gemini CLI and its descendant. Their settings have no headers, so the credential is set in the environment. */
function settingsFiles(
  { endpoint, credential }: Target,
  more: Readonly<Record<string, string>>,
  folder: string,
  macFolder: string,
): readonly ManagedFile[] {
  const telemetry = { enabled: true, ...more, otlpEndpoint: endpoint, otlpProtocol: 'http', logPrompts: true };
  const settings: ManagedFile = {
    name: 'settings.json',
    text: json({ telemetry }),
    locations: [
      `Linux: /etc/${folder}/settings.json`,
      `macOS: /Library/Application Support/${macFolder}/settings.json`,
      `Windows: C:\\ProgramData\\${folder}\\settings.json`,
    ],
  };
  if (credential === undefined) return [settings];
  const environment: ManagedFile = {
    name: 'environment',
    text: `OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20${encodeURIComponent(credential)}\n`,
    locations: [
      'Linux: a line of /etc/environment',
      'macOS: by MDM or launchctl setenv',
      'Windows: a system environment variable',
    ],
  };
  return [settings, environment];
}

const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
