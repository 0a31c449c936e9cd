/** Answers `/v1/setup`. */
import { recipesFor } from '../../agents/index.ts';
import { COLLECTOR_PLACEHOLDER, TOKEN_PLACEHOLDER } from '../../schemas/api/placeholders.ts';
import { getSetup } from '../../schemas/api/setup.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';

export const setupHandlers = ({ otlpUrl, needsCredential }: AuditContext) => [
  handle(getSetup, () => {
    const isNeeded = needsCredential();
    const recipes = recipesFor({
      endpoint: otlpUrl ?? COLLECTOR_PLACEHOLDER,
      credential: isNeeded ? TOKEN_PLACEHOLDER : undefined,
    });
    return { otlpUrl: otlpUrl ?? null, needsCredential: isNeeded, recipes: [...recipes] };
  }),
];
