/**
 * Secrets made up from a seed, in the places where agents' telemetry carries them. No secret is in this repository, and none
 * opens anything.
 */
import { randomFrom } from './mutate.ts';

export type Place = 'command' | 'output' | 'header' | 'prompt' | 'nested-json';

export interface PlantedSecret {
  readonly kind: string;
  readonly place: Place;
  readonly text: string;
  /** Must not be found in anything that leaves the collector. */
  readonly secret: string;
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const HEX = `${DIGITS}abcdef`;
const ALNUM = LOWER + UPPER + DIGITS;
const BASE64 = `${ALNUM}+/`;
const URL64 = `${ALNUM}-_`;

type Some = (alphabet: string, length: number) => string;

/** By form: what the issuer puts around what is random. */
const FORMS: Readonly<Record<string, (some: Some) => string>> = {
  'openai-project': (some) => `sk-proj-${some(URL64, 48)}`,
  'openai-service': (some) => `sk-svcacct-${some(URL64, 74)}`,
  'openai-legacy': (some) => `sk-${some(ALNUM, 48)}`,
  anthropic: (some) => `sk-ant-api03-${some(URL64, 93)}AA`,
  'anthropic-oauth': (some) => `sk-ant-oat01-${some(URL64, 80)}`,
  openrouter: (some) => `sk-or-v1-${some(HEX, 64)}`,
  dashscope: (some) => `sk-${some(HEX, 32)}`,
  gemini: (some) => `AIza${some(URL64, 35)}`,
  'google-oauth-access': (some) => `ya29.a0${some(URL64, 120)}`,
  'google-client-secret': (some) => `GOCSPX-${some(URL64, 28)}`,
  'github-classic': (some) => `ghp_${some(ALNUM, 36)}`,
  'github-fine-grained': (some) => `github_pat_${some(ALNUM, 22)}_${some(ALNUM, 59)}`,
  'github-oauth': (some) => `gho_${some(ALNUM, 36)}`,
  'copilot-user': (some) => `ghu_${some(ALNUM, 36)}`,
  'github-app': (some) => `ghs_${some(ALNUM, 36)}`,
  gitlab: (some) => `glpat-${some(URL64, 20)}`,
  'gitlab-deploy': (some) => `gldt-${some(URL64, 20)}`,
  xai: (some) => `xai-${some(ALNUM, 80)}`,
  groq: (some) => `gsk_${some(ALNUM, 52)}`,
  huggingface: (some) => `hf_${some(LOWER + UPPER, 34)}`,
  replicate: (some) => `r8_${some(ALNUM, 37)}`,
  perplexity: (some) => `pplx-${some(ALNUM, 48)}`,
  nvidia: (some) => `nvapi-${some(URL64, 64)}`,
  cursor: (some) => `crsr_${some(HEX, 64)}`,
  bedrock: (some) => `ABSK${some(BASE64, 128)}`,
  tavily: (some) => `tvly-dev-${some(ALNUM, 32)}`,
  'aws-access': (some) => `AKIA${some(`${UPPER}234567`, 16)}`,
  slack: (some) => `xoxb-${some(DIGITS, 12)}-${some(DIGITS, 12)}-${some(ALNUM, 24)}`,
  'slack-webhook': (some) =>
    `https://hooks.slack.com/services/T${some(UPPER + DIGITS, 8)}/B${some(UPPER + DIGITS, 10)}/${some(ALNUM, 24)}`,
  telegram: (some) => `${some('123456789', 10)}:AA${some(URL64, 33)}`,
  npm: (some) => `npm_${some(ALNUM, 36)}`,
  pypi: (some) => `pypi-AgEIcHlwaS5vcmc${some(URL64, 90)}`,
  stripe: (some) => `sk_live_${some(ALNUM, 24)}`,
  sendgrid: (some) => `SG.${some(URL64, 22)}.${some(URL64, 43)}`,
  digitalocean: (some) => `dop_v1_${some(HEX, 64)}`,
  databricks: (some) => `dapi${some(HEX, 32)}`,
  vault: (some) => `hvs.${some(URL64, 95)}`,
  linear: (some) => `lin_api_${some(ALNUM, 40)}`,
  docker: (some) => `dckr_pat_${some(URL64, 27)}`,
  postman: (some) => `PMAK-${some(HEX, 24)}-${some(HEX, 34)}`,
  grafana: (some) => `glsa_${some(ALNUM, 32)}_${some(HEX, 8)}`,
  shopify: (some) => `shpat_${some(HEX, 32)}`,
  atlassian: (some) => `ATATT3${some(URL64, 180)}=${some(HEX.toUpperCase(), 8)}`,
  'sentry-user': (some) => `sntryu_${some(HEX, 64)}`,
  vigil: (some) => `vigil_${some(URL64, 43)}`,
  jwt: (some) => `eyJhbGciOiJIUzI1NiJ9.eyJ${some(URL64, 60)}.${some(URL64, 43)}`,
  tailscale: (some) => `tskey-auth-${some(ALNUM, 17)}-${some(ALNUM, 32)}`,
};

/** One text for each place that can contain a secret of a known form. */
const AROUND: readonly (readonly [Place, (secret: string) => string])[] = [
  ['command', (secret) => `cd /srv/app && ./deploy.sh ${secret} production`],
  ['output', (secret) => `2026-01-02T03:04:05Z loaded ${secret} from the environment\nready in 12 ms`],
  ['header', (secret) => `curl -sS -H "X-Custom: ${secret}" https://api.example.com/v1/items`],
  ['prompt', (secret) => `Please use (${secret}) for the staging server, and tell me what it says.`],
  ['nested-json', (secret) => JSON.stringify({ tool: 'http', input: JSON.stringify({ options: { value: secret } }) })],
];

/** Places whose content is secret in any form. */
const PLACED: Readonly<Record<string, readonly [Place, (secret: string) => string]>> = {
  'curl-user': ['command', (s) => `curl -sS -u deploy:${s} https://nexus.example.com/repository/raw/a.tgz`],
  'curl-user-quoted': ['command', (s) => `curl --user "deploy:${s}" --fail https://nexus.example.com/`],
  'wget-password': ['command', (s) => `wget --user=deploy --password=${s} https://files.example.com/a.zip`],
  mysql: ['command', (s) => `mysql -h db.example.com -u root -p${s} -e 'select 1'`],
  mysqldump: ['command', (s) => `mysqldump --user=root --password='${s}' shop > shop.sql`],
  pgpassword: ['command', (s) => `PGPASSWORD=${s} psql -h db.example.com -U app -c 'select 1'`],
  export: ['command', (s) => `export DEPLOY_TOKEN=${s}; make release`],
  'export-quoted': ['command', (s) => `export STRIPE_API_KEY="${s}" && npm test`],
  'env-inline': ['command', (s) => `env DB_PASSWORD='${s}' ./run.sh`],
  'powershell-env': ['command', (s) => `$env:SERVICE_TOKEN="${s}"; dotnet run`],
  sshpass: ['command', (s) => `sshpass -p '${s}' ssh ops@build.example.com uptime`],
  'sshpass-joined': ['command', (s) => `sshpass -p${s} scp a ops@build.example.com:/tmp/`],
  'docker-login': ['command', (s) => `docker login -u ci -p ${s} registry.example.com`],
  'docker-stdin': ['command', (s) => `echo "${s}" | docker login -u ci --password-stdin registry.example.com`],
  'docker-env': ['command', (s) => `docker run --rm -e MYSQL_ROOT_PASSWORD=${s} mysql:8`],
  redis: ['command', (s) => `redis-cli -h cache.example.com -a ${s} ping`],
  ldap: ['command', (s) => `ldapsearch -x -D cn=admin,dc=example -w ${s} -b dc=example`],
  openssl: ['command', (s) => `openssl rsa -in key.pem -passin pass:${s} -out plain.pem`],
  unzip: ['command', (s) => `unzip -P ${s} backup.zip`],
  sudo: ['command', (s) => `echo '${s}' | sudo -S systemctl restart nginx`],
  chpasswd: ['command', (s) => `echo "app:${s}" | chpasswd`],
  'flag-token': ['command', (s) => `flyctl deploy --access-token ${s} --remote-only`],
  'flag-secret': ['command', (s) => `az login --service-principal --username app --client-secret=${s}`],
  'flag-quoted': ['command', (s) => `kubectl create secret generic db --from-literal=password='${s}'`],
  'argv-json': ['nested-json', (s) => JSON.stringify({ command: ['mytool', '--password', s, '--verbose'] })],
  'argv-curl': ['nested-json', (s) => JSON.stringify({ args: ['curl', '-u', `bot:${s}`, 'https://example.com'] })],
  postgres: ['command', (s) => `psql postgresql://app:${s}@db.example.com:5432/shop`],
  'redis-url': ['output', (s) => `REDIS at redis://:${s}@cache.example.com:6379/0 is up`],
  'git-remote': ['command', (s) => `git remote add up https://bot:${s}@git.example.com/a/b.git`],
  'url-token': ['command', (s) => `curl "https://api.example.com/export?format=csv&access_token=${s}"`],
  'url-key': ['output', (s) => `GET https://maps.example.com/v1?q=a&api_key=${s}&z=3 200`],
  'form-body': [
    'command',
    (s) => `curl -d "grant_type=client_credentials&client_id=app&client_secret=${s}" https://id.example.com/token`,
  ],
  'azure-sql': ['output', (s) => `Server=tcp:db.example.net,1433;User ID=app;Password=${s};Encrypt=True;`],
  'libpq-words': ['command', (s) => `psql "host=db.example.com user=app password=${s} dbname=shop"`],
  'bearer-header': ['header', (s) => `curl -H "Authorization: Bearer ${s}" https://api.example.com/me`],
  'token-header': ['header', (s) => `curl -H 'Authorization: token ${s}' https://git.example.com/api/v3/user`],
  'basic-header': ['header', (s) => `Authorization: Basic ${btoa(`deploy:${s}`)}`],
  'api-key-header': ['header', (s) => `curl -H 'X-Api-Key: ${s}' https://api.example.com`],
  'private-token': ['header', (s) => `curl --header "PRIVATE-TOKEN: ${s}" https://git.example.com/api/v4/projects`],
  cookie: ['header', (s) => `curl -H 'Cookie: theme=dark; session=${s}' https://app.example.com/`],
  'cookie-flag': ['command', (s) => `curl -b "session=${s}" https://app.example.com/`],
  'json-headers': [
    'nested-json',
    (s) => JSON.stringify({ request: JSON.stringify({ headers: { Authorization: `Bearer ${s}` } }) }),
  ],
  'json-password': ['nested-json', (s) => JSON.stringify({ db: { host: 'db', user: 'app', password: s } })],
  'json-twice': [
    'nested-json',
    (s) => JSON.stringify({ input: JSON.stringify({ config: JSON.stringify({ client_secret: s }) }) }),
  ],
  'yaml-secret': ['output', (s) => `database:\n  user: app\n  api_key: ${s}\n`],
  'env-file': ['output', (s) => `APP_ENV=production\nSESSION_SECRET=${s}\nPORT=3000\n`],
  netrc: ['output', (s) => `machine git.example.com login bot password ${s}\n`],
  npmrc: ['output', (s) => `//registry.example.com/:_authToken=${s}\n`],
  'sql-user': ['command', (s) => `psql -c "ALTER USER app WITH PASSWORD '${s}'"`],
  'curl-inner-quotes': ['command', (s) => `curl -u deploy:'${s}' https://nexus.example.com/`],
  setx: ['command', (s) => `setx SERVICE_API_KEY "${s}"`],
  'here-string': ['command', (s) => `gh auth login --with-token <<< ${s}`],
  'cargo-login': ['command', (s) => `cargo login ${s}`],
  'platform-config': ['command', (s) => `heroku config:set SECRET_KEY=${s} --app shop`],
  'db-pass': ['output', (s) => `DB_USER=app\nDB_PASS=${s}\n`],
  'python-auth': ['command', (s) => `python -c 'requests.get(u, auth=("bot", "${s}"))'`],
  htpasswd: ['command', (s) => `htpasswd -bc /etc/nginx/users bot ${s}`],
  'secure-string': ['command', (s) => `New-User bot (ConvertTo-SecureString '${s}' -AsPlainText -Force)`],
  pgpass: ['output', (s) => `db.example.com:5432:shop:app:${s}\n`],
  'form-first': ['command', (s) => `curl -d 'password=${s}&user=bot' https://app.example.com/login`],
  'npm-config': ['command', (s) => `npm config set //registry.example.com/:_authToken ${s}`],
  spoken: ['prompt', (s) => `Log in as bot; the password is ${s} and the port 8443.`],
  'prompt-token': ['prompt', (s) => `Set it up please. API_TOKEN=${s} and the rest as before.`],
};

/** Passwords hold signs where the shell lets them stand bare; tokens are longer. */
const password = (some: Some): string => `${some(LOWER, 4)}${some(DIGITS, 2)}${some(UPPER, 3)}-${some(ALNUM, 6)}`;
const longer = (some: Some): string => `${some(LOWER, 2)}${some(DIGITS, 2)}${some(ALNUM, 28)}`;

export function plantSecrets(seed: number): readonly PlantedSecret[] {
  const random = randomFrom(seed);
  const some: Some = (alphabet, length) =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
  const byForm = Object.entries(FORMS).flatMap(([kind, make]) =>
    AROUND.map(([place, around]): PlantedSecret => {
      const secret = make(some);
      return { kind, place, secret, text: around(secret) };
    }),
  );
  const byPlace = Object.entries(PLACED).flatMap(([kind, [place, around]]) =>
    [password(some), longer(some)].map((secret): PlantedSecret => ({ kind, place, secret, text: around(secret) })),
  );
  return [...byForm, ...byPlace, ...keys(some)];
}

/** Private keys: whole, cut off, with escaped newlines, and within JSON. The secret is a line of them. */
function keys(some: Some): readonly PlantedSecret[] {
  const lines = (count: number): readonly string[] => Array.from({ length: count }, () => some(BASE64, 64));
  const begin = (name: string): string => ['-----BEGIN', name, 'KEY-----'].join(' ');
  const end = (name: string): string => ['-----END', name, 'KEY-----'].join(' ');
  return ['PRIVATE', 'RSA PRIVATE', 'OPENSSH PRIVATE', 'EC PRIVATE'].flatMap((name): readonly PlantedSecret[] => {
    const one = (place: Place, write: (body: readonly string[]) => string): PlantedSecret => {
      const body = lines(6);
      return { kind: 'private-key', place, secret: body[3] as string, text: write(body) };
    };
    return [
      one('command', (body) => `cat > id <<'EOF'\n${[begin(name), ...body, end(name)].join('\n')}\nEOF\nchmod 600 id`),
      one('output', (body) => [begin(name), ...body].join('\n')),
      one('output', (body) => `${[...body, end(name)].join('\n')}\n`),
      one('nested-json', (body) => JSON.stringify({ private_key: [begin(name), ...body, end(name), ''].join('\n') })),
      one('nested-json', (body) =>
        JSON.stringify({ input: JSON.stringify({ key: [begin(name), ...body, end(name)].join('\n') }) }),
      ),
      one('command', (body) => `echo -e "${[begin(name), ...body, end(name)].join('\\n')}" > id`),
    ];
  });
}
