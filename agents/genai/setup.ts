/** Setup of any program that follows OpenTelemetry's GenAI conventions, through the variables of OpenTelemetry's SDKs. */
import { accessLines } from '../setup/environment.ts';
import type { AgentSetup } from '../setup/setup.ts';

export const setup: AgentSetup = {
  title: 'Any OpenTelemetry program',
  recipe: (collector) => ({
    where: 'environment',
    lines: [
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${collector.endpoint} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
      'export OTEL_RESOURCE_ATTRIBUTES=service.name=my-agent,user.email=NAME@DOMAIN,host.name=$(hostname)',
      ...accessLines(collector, 'percent-encoded', 'OTEL_EXPORTER_OTLP_CERTIFICATE'),
    ],
  }),
  notes: [
    'For programs that follow the GenAI conventions: https://github.com/open-telemetry/semantic-conventions-genai.',
  ],
  switches: [],
  resourceSettings: {},
};
