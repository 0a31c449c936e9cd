/**
 * Setup of Codex CLI. Sources of the managed files: developers.openai.com/codex/enterprise/managed-configuration and
 * `codex-rs/config`.
 */
import { CA_FILE } from '../setup/environment.ts';
import type { AgentSetup, Collector, ManagedFile } from '../setup/setup.ts';

export const setup: AgentSetup = {
  title: 'Codex CLI',
  recipe: (collector) => ({ where: '~/.codex/config.toml', lines: recipeLines(collector) }),
  notes: [],
  managedFiles,
  switches: [{ setting: 'log_user_prompt = true', isDefault: false, fields: ['contentHash'] }],
  resourceSettings: {},
};

function recipeLines(collector: Collector): string[] {
  return [
    ...otelLines(collector),
    ...(collector.endpoint.startsWith('https:')
      ? [`# with an authority of your own, add inside otlp-http = { … }: tls = { ca-certificate = "${CA_FILE}" }`]
      : []),
    'metrics_exporter = "none"',
  ];
}

/** An inline table of TOML 1.0 is one line. */
function otelLines({ endpoint, credential }: Collector): string[] {
  const headers = credential === undefined ? '' : `, headers = { "authorization" = "Bearer ${credential}" }`;
  return ['[otel]', `exporter = { otlp-http = { endpoint = "${endpoint}/v1/logs", protocol = "json"${headers} } }`];
}

/** Requirements override the user's own configuration; versions that do not support `[otel]` there still get the defaults. */
function managedFiles(collector: Collector): readonly ManagedFile[] {
  const otel = [...otelLines(collector), 'metrics_exporter = "none"', 'trace_exporter = "none"', ''].join('\n');
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
