/** Setup of GitHub Copilot CLI. */
import { accessLines } from '../setup/environment.ts';
import type { AgentSetup } from '../setup/setup.ts';

const CONTENT = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true';

export const setup: AgentSetup = {
  title: 'GitHub Copilot CLI',
  recipe: (collector) => ({
    where: 'environment',
    lines: [
      `export OTEL_EXPORTER_OTLP_ENDPOINT=${collector.endpoint} ${CONTENT}`,
      'export OTEL_RESOURCE_ATTRIBUTES=enduser.id=$USER,host.name=$(hostname)',
      ...accessLines(collector, 'percent-encoded'),
    ],
  }),
  notes: ['Without the content it exports neither commands nor paths.'],
  switches: [
    {
      setting: CONTENT,
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
        'contentLength',
        'contentHash',
      ],
    },
  ],
  resourceSettings: {},
};
