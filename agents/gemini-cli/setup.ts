/**
 * Setup of Gemini CLI. Source of the managed file: geminicli.com/docs/reference/configuration. Source of the switch: with
 * `telemetry.logPrompts` off, Gemini CLI exports neither the arguments nor the metadata of a call.
 */
import type { AgentSetup } from '../setup/setup.ts';
import { accessLinesBeside, managedSettings, settingsLine } from './settings-file.ts';

/** `target` keeps it from sending to Google Cloud. */
const TARGET = { target: 'local' };

export const setup: AgentSetup = {
  title: 'Gemini CLI',
  recipe: (collector) => ({
    where: '~/.gemini/settings.json',
    lines: [settingsLine(collector, TARGET)],
    ...accessLinesBeside(collector),
  }),
  notes: ['With `telemetry.logPrompts` off it exports neither commands nor paths.'],
  managedFiles: (collector) =>
    managedSettings(collector, { telemetry: TARGET, folder: 'gemini-cli', macFolder: 'GeminiCli' }),
  switches: [
    {
      setting: 'telemetry.logPrompts = true',
      isDefault: true,
      fields: [
        'commandLine',
        'program',
        'arguments',
        'exitCode',
        'filePath',
        'fileBytes',
        'networkHost',
        'networkPort',
        'networkProtocol',
        'contentHash',
      ],
    },
  ],
  resourceSettings: {},
};
