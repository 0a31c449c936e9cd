/**
 * Takes secrets out of an event before it reaches the spool. Pure. Each hit leaves a typed marker in the text and an entry
 * in `redactions`, so that a reader sees that something was there and what kind it was.
 */
import type { AgentEvent } from '../schemas/agent-event.ts';

interface SecretKind {
  readonly kind: string;
  readonly pattern: RegExp;
  /** Group that holds the secret; the rest of the match stays. Default: the whole match. */
  readonly group?: number;
}

/**
 * Formats that their issuers document, each with a fixed prefix, so that ordinary text does not match. Quantifiers are
 * bounded and follow a literal: no input makes them slow.
 */
const KINDS: readonly SecretKind[] = [
  { kind: 'aws-access-key', pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { kind: 'github-token', pattern: /\b(?:ghp|gho|ghu|ghs|ghr)_[0-9A-Za-z]{36,251}\b/g },
  { kind: 'github-token', pattern: /\bgithub_pat_[0-9A-Za-z_]{22,244}\b/g },
  { kind: 'gitlab-token', pattern: /\bglpat-[0-9A-Za-z_-]{20,64}/g },
  { kind: 'anthropic-key', pattern: /\bsk-ant-[0-9A-Za-z_-]{20,200}/g },
  { kind: 'openai-key', pattern: /\bsk-(?:proj-|svcacct-|admin-)?[0-9A-Za-z_-]{32,200}/g },
  { kind: 'slack-token', pattern: /\bxox[abeoprs]-[0-9A-Za-z-]{10,250}/g },
  { kind: 'slack-webhook', pattern: /https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[0-9A-Za-z/+]{20,120}/g },
  { kind: 'google-api-key', pattern: /\bAIza[0-9A-Za-z_-]{35}\b/g },
  { kind: 'npm-token', pattern: /\bnpm_[0-9A-Za-z]{36}\b/g },
  { kind: 'huggingface-token', pattern: /\bhf_[0-9A-Za-z]{34}\b/g },
  { kind: 'stripe-key', pattern: /\b[sr]k_live_[0-9A-Za-z]{16,128}\b/g },
  { kind: 'pypi-token', pattern: /\bpypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,250}/g },
  { kind: 'jwt', pattern: /\beyJ[0-9A-Za-z_-]{10,2000}\.eyJ[0-9A-Za-z_-]{10,4000}\.[0-9A-Za-z_-]{10,2000}/g },
  { kind: 'private-key', pattern: /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[0-9A-Za-z+/=\s\\]{0,8000}(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?/g },
  { kind: 'authorization', pattern: /\b(?:bearer|basic)\s{1,4}([0-9A-Za-z._~+/=-]{16,4000})/gi, group: 1 },
  { kind: 'url-password', pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@'"]{1,128}:((?!\[REDACTED:)[^\s/@'"$]{3,256})@/gi, group: 1 },
]; // prettier-ignore

/** One cheap look that nearly every text fails. */
const MAYBE =
  /AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|sk-|xox[abeoprs]-|hooks\.slack|AIza|npm_|hf_|k_live_|pypi-|eyJ|PRIVATE KEY|bearer|basic|:\/\/[^\s/]{1,400}@/i;

/** Text that may hold what an agent or a person typed. Ids, enumerations and versions are left alone. */
const FIELDS = ['commandLine', 'reason', 'filePath', 'cwd', 'networkHost', 'program', 'repository'] as const;
const LIMIT = 256;

/** The text without its secrets; `onFound` is told the kind of each. */
export function redactText(text: string, onFound?: (kind: string) => void): string {
  if (!MAYBE.test(text)) return text;
  let out = text;
  for (const { kind, pattern, group } of KINDS) {
    out = out.replace(pattern, (match: string, ...rest: unknown[]) => {
      onFound?.(kind);
      const secret = group === undefined ? match : String(rest[group - 1]);
      return match.replace(secret, `[REDACTED:${kind}]`);
    });
  }
  return out;
}

export function redact(event: AgentEvent): AgentEvent {
  const found = new Set<string>();
  const changed: Record<string, unknown> = {};
  const clean = (field: string, text: string): string =>
    redactText(text, (kind) => {
      found.add(`${field}:${kind}`);
    });
  for (const field of FIELDS) {
    const value = event[field];
    if (value === undefined) continue;
    const cleaned = clean(field, value);
    if (cleaned !== value) changed[field] = cleaned;
  }
  if (event.arguments !== undefined) {
    const cleaned = event.arguments.map((word) => clean('arguments', word));
    if (cleaned.some((word, index) => word !== event.arguments?.[index])) changed['arguments'] = cleaned;
  }
  let attributes: Record<string, string> | undefined;
  for (const [key, value] of Object.entries(event.attributes)) {
    const cleaned = clean(`attributes.${key}`.slice(0, 100).toWellFormed(), value);
    if (cleaned !== value) (attributes ??= { ...event.attributes })[key] = cleaned;
  }
  if (found.size === 0) return event;
  return {
    ...event,
    ...changed,
    ...(attributes === undefined ? {} : { attributes }),
    redactions: listed([...(event.redactions ?? []), ...found]),
  };
}

/** At most LIMIT entries; of more, the last one says how many are left out. */
function listed(found: readonly string[]): string[] {
  if (found.length <= LIMIT) return [...found];
  const kept = found.slice(0, LIMIT - 1);
  return [...kept, `and ${found.length - kept.length} more`];
}
