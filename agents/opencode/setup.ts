/** Setup of OpenCode. */
import { accessLines } from '../setup/environment.ts';
import type { AgentSetup } from '../setup/setup.ts';

export const setup: AgentSetup = {
  title: 'OpenCode',
  recipe: (collector) => ({
    where: 'environment',
    lines: [
      '# opencode.json has { "experimental": { "openTelemetry": true } }',
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${collector.endpoint}`,
      // OpenCode does not decode the value.
      ...accessLines(collector, 'plain'),
    ],
  }),
  notes: ['It exits before its last batch is sent.'],
  switches: [],
  resourceSettings: {},
};
