/** `/v1/setup`: how agents are pointed at this installation's collector. */
import { z } from 'zod';
import { NoQuery } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';

/** What to write where so that an agent sends its telemetry to a collector. */
export const Recipe = z.strictObject({
  agent: z.string().describe('The agent, as the `agent` of its events: `codex`, `genai`, …'),
  title: z.string().describe('What people call it: `Codex CLI`'),
  where: z.string().describe('The file to write the lines into, or `environment`'),
  lines: z.array(z.string()),
  environment: z
    .array(z.string())
    .optional()
    .describe('What the environment needs as well, for settings that the file cannot hold'),
});
export type Recipe = z.infer<typeof Recipe>;

export const Setup = z.strictObject({
  otlpUrl: z.url().nullable().describe('Where agents reach the collector; null where the server does not know it'),
  needsCredential: z
    .boolean()
    .describe('Whether the collector accepts only requests with a credential, as far as the server knows'),
  recipes: z
    .array(Recipe)
    .describe('What to write where, for each agent; `TOKEN` and `http://COLLECTOR:4318` are to be replaced'),
});
export type Setup = z.infer<typeof Setup>;

export const getSetup = route({
  id: 'getSetup',
  method: 'get',
  path: '/v1/setup',
  right: 'events.read',
  summary: 'Where agents send their telemetry, and what to write in each agent’s configuration',
  query: NoQuery,
  answer: json('Setup', Setup),
});

export const setupRoutes = [getSetup] as const;
