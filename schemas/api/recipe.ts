/** What to write where so that an agent sends its telemetry to a collector. */
import { z } from 'zod';

export const Recipe = z.strictObject({
  agent: z.string().describe('The agent, as the events’ `agent` names it: `codex`, `genai`, …'),
  title: z.string().describe('What people call it: `Codex CLI`'),
  where: z.string().describe('The file to write the lines into, or `environment`'),
  lines: z.array(z.string()),
  environment: z
    .array(z.string())
    .optional()
    .describe('What the environment needs as well, for settings that the file cannot hold'),
});
export type Recipe = z.infer<typeof Recipe>;
