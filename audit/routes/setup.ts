/** `/v1/setup`: what the pages need to know of this installation. */
import { NoQuery } from '../../schemas/api/contract/parameters.ts';
import type { Router } from 'express';
import type { Setup } from '../../schemas/api/setup.ts';
import type { AuditContext } from '../context.ts';
import { queryOf } from '../http/parse-query.ts';
import { onlyGet } from '../http/only-get.ts';

export function setupRoutes(router: Router, { otlpUrl, needsCredential }: AuditContext): void {
  onlyGet(router, '/v1/setup', (request, response) => {
    if (queryOf(NoQuery, request, response) === undefined) return;
    response.json({ otlpUrl: otlpUrl ?? null, needsCredential: needsCredential() } satisfies Setup);
  });
}
