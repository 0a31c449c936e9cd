/** The handlers of all routes in `schemas/api/index.ts`. */
import type { AuditContext } from '../context.ts';
import type { HandledRoute } from '../http/handle.ts';
import { alertHandlers } from './alerts.ts';
import { eventHandlers } from './events.ts';
import { healthHandlers } from './health.ts';
import { openApiHandlers } from './openapi.ts';
import { pipelineHandlers } from './pipeline.ts';
import { sessionHandlers } from './sessions.ts';
import { setupHandlers } from './setup.ts';
import { signInHandlers } from './sign-in.ts';
import { streamHandlers } from './stream.ts';

export const handledRoutes = (context: AuditContext): readonly HandledRoute[] => [
  ...alertHandlers(context),
  ...eventHandlers(context),
  ...sessionHandlers(context),
  ...pipelineHandlers(context),
  ...streamHandlers(context),
  ...setupHandlers(context),
  ...signInHandlers(context),
  ...healthHandlers(context),
  ...openApiHandlers(),
];
