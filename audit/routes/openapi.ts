/** Answers `/openapi.json`. */
import { ROUTES } from '../../schemas/api/index.ts';
import { getOpenApi } from '../../schemas/api/openapi.ts';
import { handle } from '../http/handle.ts';
import { openApiDocument } from '../openapi.ts';

export const openApiHandlers = () => {
  const document = JSON.stringify(openApiDocument(ROUTES));
  return [handle(getOpenApi, () => document)];
};
