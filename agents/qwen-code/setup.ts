/** Setup of Qwen Code. Source of the managed file: qwenlm.github.io/qwen-code-docs, "settings". */
import { accessLinesBeside, managedSettings, settingsLine } from '../gemini-cli/settings-file.ts';
import type { AgentSetup } from '../setup/setup.ts';

export const setup: AgentSetup = {
  title: 'Qwen Code',
  recipe: (collector) => ({
    where: '~/.qwen/settings.json',
    lines: [settingsLine(collector, {})],
    ...accessLinesBeside(collector),
  }),
  notes: [],
  managedFiles: (collector) =>
    managedSettings(collector, { telemetry: {}, folder: 'qwen-code', macFolder: 'QwenCode' }),
  switches: [],
  resourceSettings: {},
};
