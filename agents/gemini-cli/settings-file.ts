/** `settings.json` of Gemini CLI and of its descendant Qwen Code. It holds no headers, so a credential goes into the environment. */
import { accessLines, headerValue } from '../setup/environment.ts';
import { jsonFile } from '../setup/json-file.ts';
import type { Collector, ManagedFile } from '../setup/setup.ts';

type Telemetry = Readonly<Record<string, string>>;

/** @param more `telemetry` settings that only one of the two agents needs */
export function settingsLine({ endpoint }: Collector, more: Telemetry): string {
  const settings = Object.entries({ ...more, otlpEndpoint: endpoint, otlpProtocol: 'http' });
  const written = settings.map(([name, value]) => `"${name}": "${value}"`).join(', ');
  return `{ "telemetry": { "enabled": true, ${written} } }`;
}

export function accessLinesBeside(collector: Collector): { readonly environment?: string[] } {
  const environment = accessLines(collector, 'percent-encoded');
  return environment.length === 0 ? {} : { environment };
}

export function managedSettings(
  { endpoint, credential }: Collector,
  agent: { readonly telemetry: Telemetry; readonly folder: string; readonly macFolder: string },
): readonly ManagedFile[] {
  const telemetry = {
    enabled: true,
    ...agent.telemetry,
    otlpEndpoint: endpoint,
    otlpProtocol: 'http',
    logPrompts: true,
  };
  const settings: ManagedFile = {
    name: 'settings.json',
    text: jsonFile({ telemetry }),
    locations: [
      `Linux: /etc/${agent.folder}/settings.json`,
      `macOS: /Library/Application Support/${agent.macFolder}/settings.json`,
      `Windows: C:\\ProgramData\\${agent.folder}\\settings.json`,
    ],
  };
  if (credential === undefined) return [settings];
  const environment: ManagedFile = {
    name: 'environment',
    text: `OTEL_EXPORTER_OTLP_HEADERS=${headerValue(credential, 'percent-encoded')}\n`,
    locations: [
      'Linux: a line of /etc/environment',
      'macOS: by MDM or launchctl setenv',
      'Windows: a system environment variable',
    ],
  };
  return [settings, environment];
}
