/** `/v1/setup`: how agents are pointed at this installation's collector. */
import type { Router } from 'express';
import { recipesFor } from '../../agents/index.ts';
import { NoQuery, type Setup } from '../../schemas/api/api.ts';
import { COLLECTOR_PLACEHOLDER, TOKEN_PLACEHOLDER } from '../../schemas/api/placeholders.ts';
import type { AuditContext } from '../context.ts';
import { queryOf } from '../http/parse-query.ts';
import { onlyGet } from '../http/only-get.ts';

export function setupRoutes(router: Router, { otlpUrl, needsCredential }: AuditContext): void {
  onlyGet(router, '/v1/setup', (request, response) => {
    if (queryOf(NoQuery, request, response) === undefined) return;
    response.json(setupOf(otlpUrl, needsCredential()));
  });
}

function setupOf(otlpUrl: string | undefined, needsCredential: boolean): Setup {
  const collector = {
    endpoint: otlpUrl ?? COLLECTOR_PLACEHOLDER,
    credential: needsCredential ? TOKEN_PLACEHOLDER : undefined,
  };
  return { otlpUrl: otlpUrl ?? null, needsCredential, recipes: [...recipesFor(collector)] };
}
