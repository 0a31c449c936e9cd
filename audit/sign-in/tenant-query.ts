/** Reads the query of a request about one tenant, which the client must be allowed to read. */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { queryOf } from '../http/parse-query.ts';
import type { Guard } from './guard.ts';

/** What a request asks about one tenant, or undefined after an answer that says what is wrong with it, or that it may not. */
export function tenantQueryOf<S extends z.ZodType<{ readonly tenant?: string | undefined }>>(
  schema: S,
  request: Request,
  response: Response,
  guard: Pick<Guard, 'tenantOf'>,
): (z.output<S> & { readonly tenant: string }) | undefined {
  const query = queryOf(schema, request, response);
  if (query === undefined) return undefined;
  const tenant = guard.tenantOf(request, response, query.tenant);
  return tenant === undefined ? undefined : { ...query, tenant };
}
