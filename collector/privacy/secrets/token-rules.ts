/** Secrets that are known by their own form: tokens of agents, model providers and code hosts, signed tokens, private keys. Pure. */
import { type SecretRule, entropyOf } from './rule.ts';

/** Not in the middle of a word. An escape of JSON or a URL may directly precede it. */
const START = String.raw`(?<![A-Za-z0-9]|(?<!%)[A-Za-z0-9][_-])`;

function token(
  kind: string,
  keywords: readonly string[],
  pattern: string,
  more: Partial<Omit<SecretRule, 'kind' | 'keywords' | 'pattern'>> = {},
): SecretRule {
  return { kind, keywords, pattern: new RegExp(pattern, 'dg'), ...more };
}

/** A word that goes on with a name (`sk-learn-contrib-tools-...`) has neither digits nor both cases. */
const random = (secret: string): boolean =>
  (/\d/.test(secret) || (/[a-z]{2}[A-Z]/.test(secret) && /[A-Z][a-z]/.test(secret))) && entropyOf(secret) >= 3;

/** Forms as the issuers document or show them, except those that gitleaks covers better. */
export const tokenRules: readonly SecretRule[] = [
  token('anthropic-key', ['sk-ant-'], 'sk-ant-[0-9A-Za-z_-]{20,400}'),
  token('openrouter-key', ['sk-or-'], 'sk-or-(?:v\\d-)?[0-9A-Za-z_-]{32,200}'),
  token(
    'openai-key',
    ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-none-'],
    'sk-(?:proj|svcacct|admin|None)-[0-9A-Za-z_-]{20,300}',
  ),
  token('langfuse-key', ['sk-lf-'], 'sk-lf-[0-9a-f-]{20,60}'),
  // OpenAI's older keys, DashScope (Qwen), DeepSeek, Moonshot, OpenCode Zen, LiteLLM.
  token('model-provider-key', ['sk-'], `${START}sk-[0-9A-Za-z_-]{20,200}`, { accept: random }),
  token('google-api-key', ['aiza'], 'AIza[0-9A-Za-z_-]{35}'),
  token('google-oauth', ['ya29.'], `${START}ya29\\.[0-9A-Za-z_-]{20,2048}`, { reach: 2100 }),
  token('google-oauth', ['1//0'], `${START}1//0[0-9A-Za-z_-]{30,512}`),
  token('google-oauth', ['gocspx-'], 'GOCSPX-[0-9A-Za-z_-]{20,64}'),
  token('gemini-key', ['aq.'], `${START}AQ\\.[0-9A-Za-z_-]{40,200}`, { accept: random }),
  token('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[0-9A-Za-z_]{36,251}'),
  token('github-token', ['github_pat_'], 'github_pat_[0-9A-Za-z_]{22,244}'),
  token('copilot-token', ['tid='], `${START}tid=[0-9a-f]{16,64};[^\\s"'\\\\]{20,1024}`, { reach: 1200 }),
  token(
    'gitlab-token',
    ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glsoat-', 'glagent-', 'gloas-'],
    'gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[0-9A-Za-z_.-]{20,300}',
  ),
  token('xai-key', ['xai-'], `${START}xai-[0-9A-Za-z]{40,200}`),
  token('groq-key', ['gsk_'], `${START}gsk_[0-9A-Za-z]{40,100}`),
  token('huggingface-token', ['hf_', 'api_org_'], `${START}(?:hf|api_org)_[0-9A-Za-z]{30,100}`),
  token('replicate-token', ['r8_'], `${START}r8_[0-9A-Za-z]{30,60}`),
  token('perplexity-key', ['pplx-'], `${START}pplx-[0-9A-Za-z]{40,100}`),
  token('nvidia-key', ['nvapi-'], `${START}nvapi-[0-9A-Za-z_-]{40,200}`),
  token('cerebras-key', ['csk-'], `${START}csk-[0-9a-z]{40,100}`),
  token('fireworks-key', ['fw_'], `${START}fw_[0-9A-Za-z]{22,60}`, { accept: random }),
  token('cursor-key', ['crsr_', 'key_'], `${START}(?:crsr_[0-9A-Za-z]{32,128}|key_[0-9a-f]{64})`),
  token('langsmith-key', ['lsv2_'], 'lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{6,16}'),
  token('tavily-key', ['tvly-'], `${START}tvly-[0-9A-Za-z-]{20,80}`, { accept: random }),
  token('firecrawl-key', ['fc-'], `${START}fc-[0-9a-f]{32}(?![0-9A-Za-z])`),
  token('pinecone-key', ['pcsk_'], 'pcsk_[0-9A-Za-z_]{40,120}'),
  token('supabase-key', ['sbp_', 'sb_secret_'], `${START}(?:sbp_[0-9a-f]{40}|sb_secret_[0-9A-Za-z_-]{20,80})`),
  token('e2b-key', ['e2b_'], `${START}e2b_[0-9a-f]{40}`),
  token('figma-token', ['figd_'], 'figd_[0-9A-Za-z_-]{30,80}'),
  token(
    'sourcegraph-token',
    ['sgp_', 'slk_'],
    `${START}(?:sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?|slk_)[0-9a-fA-F]{40,64}`,
  ),
  token('docker-token', ['dckr_'], 'dckr_(?:pat|oat)_[0-9A-Za-z_-]{24,64}'),
  token('atlassian-token', ['atatt3', 'atctt3'], 'AT[AC]TT3[0-9A-Za-z_=-]{40,512}'),
  token(
    'bedrock-key',
    ['absk', 'bedrock-api-key-'],
    `(?:${START}ABSK[0-9A-Za-z+/]{60,300}={0,2}|bedrock-api-key-[0-9A-Za-z+/=_-]{40,4096})`,
    { reach: 4200 },
  ),
  token(
    'aws-access-key',
    ['akia', 'asia', 'abia', 'acca'],
    `${START}(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])`,
  ),
  token('slack-token', ['xox', 'xapp-'], `${START}(?:xox[abceoprs]|xapp)-[0-9A-Za-z.-]{10,300}`, { accept: random }),
  token(
    'slack-webhook',
    ['hooks.slack.com'],
    '(?:https?:\\\\?/\\\\?/)?hooks\\.slack\\.com\\\\?/(?:services|workflows|triggers)\\\\?/(?:\\\\?[0-9A-Za-z/+_]){20,120}',
  ),
  token(
    'discord-webhook',
    ['/api/webhooks/'],
    '(?:discord|discordapp)\\.com/api/webhooks/[0-9]{15,22}/[0-9A-Za-z_-]{50,100}',
  ),
  token(
    'discord-token',
    ['.g', '.x', '.y'],
    `${START}[MNO][0-9A-Za-z_-]{23,27}\\.[GXY][0-9A-Za-z_-]{5}\\.[0-9A-Za-z_-]{27,45}`,
    {
      accept: random,
    },
  ),
  token('telegram-token', [':aa'], `(?<![0-9A-Za-z])[0-9]{8,12}:AA[0-9A-Za-z_-]{32,34}(?![0-9A-Za-z_-])`),
  token('npm-token', ['npm_'], `${START}npm_[0-9A-Za-z]{36}`),
  token(
    'stripe-key',
    ['k_live_', 'k_test_', 'whsec_'],
    `(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{16,128}`,
  ),
  token('pypi-token', ['pypi-'], 'pypi-AgE[0-9A-Za-z_-]{50,1000}', { reach: 1100 }),
  token('crates-token', ['cio'], `${START}cio[0-9A-Za-z]{32}(?![0-9A-Za-z])`, { accept: random }),
  token('tailscale-key', ['tskey-'], 'tskey-[a-z]{2,12}-[0-9A-Za-z-]{16,80}'),
  token('vault-token', ['hvs.', 'hvb.', 'hvr.'], `${START}hv[sbr]\\.[0-9A-Za-z_-]{20,300}`),
  token('doppler-token', ['dp.'], `${START}dp\\.(?:pt|st|ct|scim|audit|sa)\\.[0-9A-Za-z._-]{40,80}`),
  token('azure-sas', ['sig='], String.raw`[?&;]sig=([0-9A-Za-z%+/_-]{40,120}(?:=|%3D){0,2})`),
  token('vigil-token', ['vigil_'], `${START}vigil_[0-9A-Za-z_-]{20,200}`, { accept: random }),
  token(
    'jwt',
    ['eyj'],
    `${START}eyJ[0-9A-Za-z_-]{10,4096}\\.(?:eyJ[0-9A-Za-z_-]{10,8192})?(?:\\.[0-9A-Za-z_-]{0,8192}){1,3}`,
    {
      reach: 24_000,
    },
  ),
  // Cut off at either end, its newlines escaped once or twice, or gone.
  token(
    'private-key',
    ['private key'],
    String.raw`-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}(?:(?:\s|\\{1,4}[nr ]){0,4}[A-Za-z-]{1,24}: [^\n\\]{0,200}){0,6}[0-9A-Za-z+/=\s\\]{0,16384}(?:-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5})?`,
    { back: 64, reach: 20_000 },
  ),
  token(
    'private-key',
    ['private key'],
    String.raw`(?<![0-9A-Za-z+/=\s\\])[\s\\nr]{0,8}([0-9A-Za-z+/=\s\\]{16,16384})-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY`,
    { back: 16_500, reach: 64 },
  ),
  token(
    'putty-key',
    ['private-lines:'],
    String.raw`Private-Lines: \d{1,4}((?:\s|\\{1,4}[nr ])[0-9A-Za-z+/=\s\\]{16,8192})`,
    {
      reach: 8300,
    },
  ),
  token(
    'aws-secret-key',
    ['aws', 'secret'],
    String.raw`(?:[Aa][Ww][Ss]|[Ss][Ee][Cc][Rr][Ee][Tt])[A-Za-z_.-]{0,32}(?![A-Za-z_.-])[\\"']{0,3}\s{0,3}(?:[:=,]|=>)?\s{0,3}[\\"']{0,3}([0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])`,
    {
      accept: (secret) => entropyOf(secret) >= 4 && /\d/.test(secret) && /[a-z]/.test(secret) && /[A-Z]/.test(secret),
    },
  ),
];
