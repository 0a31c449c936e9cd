/** gitleaks' rules as this collector applies them: how they were converted tells `gitleaks/convert.mjs`. Pure. */
import { GITLEAKS_ALLOWED, GITLEAKS_RULES, GITLEAKS_STOPWORDS, type GitleaksPattern } from './gitleaks-rules.ts';
import { type SecretRule, entropyOf } from './rule.ts';

const allowedAnywhere = GITLEAKS_ALLOWED.map(compiled);

export const gitleaksRules: readonly SecretRule[] = GITLEAKS_RULES.map((rule) => {
  const allowed = [...allowedAnywhere, ...(rule.allowed ?? []).map(compiled)];
  const stopwords = [...GITLEAKS_STOPWORDS, ...(rule.stopwords ?? [])];
  return {
    kind: rule.id,
    keywords: rule.keywords,
    pattern: new RegExp(rule.pattern, `dg${rule.flags ?? ''}`),
    ...(rule.group === undefined ? {} : { group: rule.group }),
    accept: (secret) =>
      entropyOf(secret) >= (rule.entropy ?? 0) &&
      !allowed.some((pattern) => pattern.test(secret)) &&
      !stopwords.some((word) => secret.toLowerCase().includes(word)),
  };
});

function compiled({ pattern, flags = '' }: GitleaksPattern): RegExp {
  return new RegExp(pattern, flags);
}
