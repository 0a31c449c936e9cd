/** What the API answers when it cannot do what a request asks. */
import { z } from 'zod';

/** RFC 9457 problem document; `errors` names each field that was wrong. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
