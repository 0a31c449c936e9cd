/** `/v1/setup`: what one needs to know in order to connect an agent. */
import { z } from 'zod';
import { NoQuery } from './contract/parameters.ts';
import { json, route } from './contract/route.ts';

export const Setup = z.strictObject({
  otlpUrl: z.url().nullable().describe('Where agents reach the collector; null where the server does not know it'),
  needsCredential: z
    .boolean()
    .describe('Whether the collector accepts only requests with a credential, as far as the server knows'),
});
export type Setup = z.infer<typeof Setup>;

export const getSetup = route({
  id: 'getSetup',
  method: 'get',
  path: '/v1/setup',
  right: 'events.read',
  summary: 'Where agents send their telemetry',
  query: NoQuery,
  answer: json('Setup', Setup),
});

export const setupRoutes = [getSetup] as const;
