/** Answers `/v1/setup`. */
import { getSetup } from '../../schemas/api/setup.ts';
import type { AuditContext } from '../context.ts';
import { handle } from '../http/handle.ts';

export const setupHandlers = ({ otlpUrl, needsCredential }: AuditContext) => [
  handle(getSetup, () => ({ otlpUrl: otlpUrl ?? null, needsCredential: needsCredential() })),
];
