/** Reads VIGIL_PRIVACY, the rules for personal data and prompts by tenant. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Config } from '../../platform/config.ts';
import { ShellError, messageOf } from '../../platform/shell-error.ts';
import { KEEP_ALL, PERSONAL, PRIVACY_ACTIONS, type PrivacyPolicy, createPrivacy } from './privacy.ts';
import type { TenantPrivacy } from './protection.ts';

const Action = z.enum(PRIVACY_ACTIONS);
/** The most of a prompt or an answer that an attribute holds. */
const CONTENT = 32_768;

const Policy = z.strictObject({
  ...(Object.fromEntries(PERSONAL.map((what) => [what, Action.optional()])) as Record<
    (typeof PERSONAL)[number],
    z.ZodOptional<typeof Action>
  >),
  attributes: z.record(z.string().min(1).max(512), Action).default({}),
  contentLength: z.int().min(0).max(CONTENT).default(0),
});
const PrivacyFile = z.strictObject({
  default: Policy.optional(),
  tenants: z.record(z.string().regex(/^[\w.@-]{1,64}$/), Policy).default({}),
});

/** @throws ShellError BAD_CONFIG when the file cannot be read, is not such a file, or needs a key that is not there */
export function readPrivacy({
  VIGIL_PRIVACY: path,
  VIGIL_PRIVACY_KEY: key,
}: Pick<Config, 'VIGIL_PRIVACY' | 'VIGIL_PRIVACY_KEY'>): (tenant: string) => TenantPrivacy {
  const file = path === undefined ? undefined : readPolicies(path);
  const known = new Map<string, TenantPrivacy>();
  const policyOf = (tenant: string): PrivacyPolicy => {
    const own = file?.tenants[tenant] ?? file?.default;
    if (own === undefined) return KEEP_ALL;
    const { attributes, contentLength, ...personal } = own;
    return { personal: personal as PrivacyPolicy['personal'], attributes, contentLength };
  };
  for (const tenant of file === undefined ? [] : ['', ...Object.keys(file.tenants)])
    if (key === undefined && needsKey(policyOf(tenant)))
      throw new ShellError('BAD_CONFIG', `${String(path)} asks for pseudonyms, and VIGIL_PRIVACY_KEY is not set`, {
        retryable: false,
      });
  return (tenant) => {
    let found = known.get(tenant);
    if (found === undefined) {
      const policy = policyOf(tenant);
      found = { policy, privacy: createPrivacy(policy, pseudonymsOf(key ?? '', tenant)) };
      known.set(tenant, found);
    }
    return found;
  };
}

function needsKey({ personal, attributes }: PrivacyPolicy): boolean {
  return [...Object.values(personal), ...Object.values(attributes)].includes('pseudonymise');
}

function readPolicies(path: string): z.infer<typeof PrivacyFile> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ShellError('BAD_CONFIG', `VIGIL_PRIVACY: ${path} cannot be read: ${messageOf(error)}`, {
      retryable: false,
    });
  }
  const parsed = PrivacyFile.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ShellError('BAD_CONFIG', `VIGIL_PRIVACY: ${path}: ${problems.join('; ')}`, { retryable: false });
}

/** `p-` and 64 bits of an HMAC-SHA-256, under a key per tenant, so that equal names of two tenants get different pseudonyms. */
function pseudonymsOf(key: string, tenant: string): (text: string) => string {
  const own = createHmac('sha256', key).update(`vigil pseudonyms\0${tenant}`).digest();
  return (text) => `p-${createHmac('sha256', own).update(text).digest('hex').slice(0, 16)}`;
}
