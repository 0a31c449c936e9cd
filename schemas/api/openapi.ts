/** `/openapi.json`: the API's description. */
import { route } from './contract/route.ts';

export const getOpenApi = route({
  id: 'describe',
  method: 'get',
  path: '/openapi.json',
  right: 'events.read',
  summary: 'This document',
  answer: { kind: 'text', mediaType: 'application/json', description: 'OpenAPI 3.1' },
});

export const openApiRoutes = [getOpenApi] as const;
