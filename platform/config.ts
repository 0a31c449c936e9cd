/**
 * Configuration from the environment: the only file that reads `process.env`. Every field has bounds, a default and a
 * description.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { KEY_WANTED, parseKey } from './encryption/data-key.ts';
import { ShellError } from './shell-error.ts';

/**
 * These messages complete the sentence "SETTING must be …", so that an error names the setting and the expected value.
 */
const WHOLE = /^\d{1,15}$/;
const DECIMAL = /^\d{1,9}(\.\d{1,9})?$/;

function number(form: RegExp, kind: string, min: number, max: number) {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const isOne = (text: string): boolean => form.test(text) && Number(text) >= min && Number(text) <= max;
  return z.string().refine(isOne, `a ${kind} ${bounds}`).transform(Number);
}
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => number(WHOLE, 'whole number', min, max);
const port = whole(0, 65_535);
const bytes = whole(1);
const text = z.string();
const LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
const SASL = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const;
const flag = z.enum(['0', '1'], '0 or 1').transform((value) => value === '1');
const name = text.regex(/^[\w.@-]{1,64}$/, 'a name of at most 64 letters, digits and . @ _ -');
const host = text.regex(/^[\w.:-]+$/, 'an IP address or a host name, an IPv6 address without brackets');
const url = z.url({ protocol: /^https?$/, error: 'an address that starts with http:// or https://' });

function list(item: RegExp, wanted: string) {
  return text
    .transform((value) =>
      value
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== ''),
    )
    .refine((items) => items.length > 0 && items.every((each) => item.test(each)), `${wanted}, separated by commas`);
}

/** `tokenSha256:tenant:sender`, separated by commas; tokens themselves are never configured. */
const credentials = list(
  /^[0-9a-f]{64}:[\w.@-]{1,64}:[\w.@-]{1,64}(:read|:metrics)?$/,
  'sha256:tenant:sender, sha256:tenant:sender:read or sha256:tenant:sender:metrics',
).transform((items) =>
  items.map((item) => {
    const [tokenSha256 = '', tenant = '', sender = '', use] = item.split(':');
    return { tokenSha256, tenant, sender, use: useOf(use) };
  }),
);

function useOf(word: string | undefined): 'telemetry' | 'read' | 'metrics' {
  return word === 'read' || word === 'metrics' ? word : 'telemetry';
}

/** Every variable, with its bounds and default; `docs/reference/configuration.md` is generated from it. */
export const ConfigSchema = z.object({
  VIGIL_DATA: text
    .default(join(homedir(), '.vigil'))
    .describe('Data folder of the embedded parts and of each role’s own state'),
  VIGIL_DATA_KEY: text
    .refine((given) => parseKey(given) !== undefined, KEY_WANTED)
    .optional()
    .describe(
      'Key that encrypts VIGIL_DATA, except the embedded warehouse: 32 bytes as 64 hex digits or in base64; set it before the first start (docs/encryption.md)',
    ),
  VIGIL_DATA_KEY_FILE: text.optional().describe('File that contains VIGIL_DATA_KEY'),
  VIGIL_LOG_LEVEL: z
    .enum(LEVELS, `one of ${LEVELS.join(', ')}`)
    .default('info')
    .describe('Lowest level that is logged'),
  VIGIL_TENANT: name.default('default').describe('Tenant of requests without a credential'),
  VIGIL_SENDER: name.default('local').describe('Sender of requests without a credential'),
  VIGIL_TOKENS: text
    .optional()
    .describe(
      'File of clients and their credentials; `vigil tokens` writes it and every listening role reads it; `tokens.json` in VIGIL_DATA when unset',
    ),
  VIGIL_CREDENTIALS: credentials
    .optional()
    .describe(
      'Tokens that are accepted in addition to those in VIGIL_TOKENS: `sha256-of-token:tenant:sender`, separated by commas; a token with `:read` at the end may read the audit API as that tenant, one with `:metrics` may read `/metrics`, and neither may send',
    ),
  VIGIL_REQUIRE_CREDENTIALS: flag
    .default(false)
    .describe(
      '1 rejects requests without a credential on loopback too, to the collector, the page and the API; use it behind a proxy on the same machine',
    ),
  VIGIL_TLS_CERT: text
    .optional()
    .describe(
      'PEM file with the certificate and its chain for the OTLP ports and, beyond loopback, for the page, the audit API and the health and metrics ports; a changed file is used without a restart',
    ),
  VIGIL_TLS_KEY: text.optional().describe('PEM file with the key of VIGIL_TLS_CERT, without a passphrase'),
  VIGIL_TLS_CLIENT_CA: text
    .optional()
    .describe(
      'PEM file with the authorities whose client certificates are accepted; the name in the certificate is the sender',
    ),
  VIGIL_TLS_CLIENT_CERTIFICATE: z
    .enum(['optional', 'required'], 'optional or required')
    .default('optional')
    .describe('Whether a connection needs a client certificate when VIGIL_TLS_CLIENT_CA is set'),
  VIGIL_HOST: host.default('127.0.0.1').describe('Address that the collector and the audit API listen on'),
  VIGIL_OTLP_HOST: host.optional().describe('Address that the collector listens on, if it is not VIGIL_HOST'),
  VIGIL_ALLOW_PLAINTEXT: flag
    .default(false)
    .describe(
      '1 lets a role listen beyond loopback without TLS, and accept requests without a credential while no credential exists; only for a private container network',
    ),
  VIGIL_ALLOWED_HOSTS: list(/^[\w.:[\]-]+$/, 'host names')
    .optional()
    .describe(
      'Host names (besides loopback) under which the audit API and the collector accept requests without a credential',
    ),
  VIGIL_OTLP_PORT: port.default(4318).describe('OTLP/HTTP port of the collector'),
  VIGIL_OTLP_GRPC_PORT: port.default(4317).describe('OTLP/gRPC port of the collector'),
  VIGIL_OTLP_URL: url
    .transform((given) => given.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Address at which agents reach the collector over HTTP, shown on the page; `vigil up` sets it to its own',
    ),
  VIGIL_TOKEN: text
    .regex(/^[A-Za-z0-9._~+/-]{1,512}=*$/, 'a bearer token')
    .optional()
    .describe('Token that commands such as `vigil doctor` send to the audit API'),
  VIGIL_METRICS_TOKEN: text
    .regex(/^[A-Za-z0-9._~+/-]{1,512}=*$/, 'a bearer token')
    .optional()
    .describe('Token that `vigil doctor` sends to read metrics'),
  VIGIL_CA: text
    .optional()
    .describe(
      'PEM file with the authorities that commands trust for the audit API and the collector; the system’s authorities when unset',
    ),
  VIGIL_HTTP_PORT: port.default(8080).describe('Port of the audit API and the page'),
  VIGIL_ADMIN_PORT: port
    .optional()
    .describe('Port for health and metrics of the detector and the recorder; not served when unset'),
  VIGIL_KAFKA_BROKERS: list(/^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i, 'host:port')
    .optional()
    .describe('Kafka brokers; the embedded log when unset'),
  VIGIL_KAFKA_TLS: flag.default(false).describe('1 uses TLS to the brokers; required beyond loopback'),
  VIGIL_KAFKA_CA: text
    .optional()
    .describe('PEM file with the authorities of the brokers’ certificates; the system’s authorities when unset'),
  VIGIL_KAFKA_CERT: text.optional().describe('PEM file with the client certificate for the brokers'),
  VIGIL_KAFKA_KEY: text.optional().describe('PEM file with the key of VIGIL_KAFKA_CERT, without a passphrase'),
  VIGIL_KAFKA_SASL: z
    .enum(SASL, `one of ${SASL.join(', ')}`)
    .optional()
    .describe('SASL mechanism for the brokers'),
  VIGIL_KAFKA_USERNAME: text.optional().describe('User for VIGIL_KAFKA_SASL (client id for oauthbearer)'),
  VIGIL_KAFKA_PASSWORD: text.optional().describe('Password for VIGIL_KAFKA_SASL (client secret for oauthbearer)'),
  VIGIL_KAFKA_OAUTH_URL: url.optional().describe('Token endpoint for oauthbearer (client credentials grant)'),
  VIGIL_KAFKA_OAUTH_SCOPE: text.optional().describe('Scope to request from VIGIL_KAFKA_OAUTH_URL'),
  VIGIL_PARTITIONS: whole(1, 1024).default(6).describe('Partitions of topics that Vigil creates'),
  VIGIL_RETENTION_HOURS: number(DECIMAL, 'number', 1, 87_600)
    .default(168)
    .describe('How long the log keeps events and alerts (hours)'),
  VIGIL_RETENTION_BYTES: bytes
    .default(4 * 1024 ** 3)
    .describe('Largest size of a topic (embedded) or of a partition (Kafka) in the log (bytes)'),
  VIGIL_CLICKHOUSE_URL: url.optional().describe('ClickHouse address (HTTP); the embedded engine when unset'),
  VIGIL_CLICKHOUSE_USER: text.optional().describe('ClickHouse user'),
  VIGIL_CLICKHOUSE_PASSWORD: text.optional().describe('ClickHouse password'),
  VIGIL_CLICKHOUSE_CA: text
    .optional()
    .describe('PEM file with the authorities of the server’s certificate; the system’s authorities when unset'),
  VIGIL_CLICKHOUSE_CERT: text.optional().describe('PEM file with the client certificate for the server'),
  VIGIL_CLICKHOUSE_KEY: text
    .optional()
    .describe('PEM file with the key of VIGIL_CLICKHOUSE_CERT, without a passphrase'),
  VIGIL_CLICKHOUSE_PROFILE: name
    .optional()
    .describe('ClickHouse settings profile for all statements; Vigil’s own limits on reading override it'),
  VIGIL_CLICKHOUSE_DATABASE: text
    .regex(/^\w{1,64}$/, 'a name of at most 64 letters, digits and _')
    .default('vigil')
    .describe('ClickHouse database'),
  VIGIL_WAREHOUSE_RETENTION_DAYS: whole(1, 36_500)
    .optional()
    .describe('How long ClickHouse keeps events, alerts and rejects (days); without limit when unset'),
  VIGIL_SPOOL_BYTES: bytes
    .default(8 * 1024 ** 3)
    .describe(
      'Size of the collector’s spool above which senders are asked to retry later: HTTP 503, gRPC UNAVAILABLE (bytes)',
    ),
  VIGIL_SPOOL_DAYS: number(DECIMAL, 'number', 0.01, 3_650)
    .default(7)
    .describe('How long records wait in the spool for the log; older ones expire and are counted as lost (days)'),
  VIGIL_SPOOL_RESERVE_BYTES: bytes
    .default(256 * 1024 ** 2)
    .describe('Free disk space below which the collector asks senders to retry later (bytes)'),
  VIGIL_QUARANTINE_BYTES: bytes
    .default(1024 ** 3)
    .describe(
      'Size of the collector’s quarantine, which stores rejected input as it was sent, encrypted; the oldest is deleted first (bytes)',
    ),
  VIGIL_QUARANTINE_DAYS: whole(1, 3_650)
    .default(30)
    .describe('How long rejected input is kept in the quarantine (days)'),
  VIGIL_BODY_BYTES: bytes.default(32 * 1024 ** 2).describe('Largest request body, as sent (bytes)'),
  VIGIL_DECODED_BODY_BYTES: bytes.default(64 * 1024 ** 2).describe('Largest request body, decompressed (bytes)'),
  VIGIL_INFLIGHT_BYTES: bytes
    .default(128 * 1024 ** 2)
    .describe(
      'Limit for request bytes in memory at once, HTTP and gRPC together; further requests are asked to retry later (bytes)',
    ),
  VIGIL_CONNECTIONS_PER_ADDRESS: whole(1, 4_096)
    .default(1_024)
    .describe(
      'Connections that one address (one /64 for IPv6) may have at once at each OTLP port, of 4096 in total; further ones are asked to retry later',
    ),
  VIGIL_CONNECTIONS_PER_SENDER: whole(1, 4_096)
    .default(2_048)
    .describe('Connections that one sender may have at once at each OTLP port, over all its addresses'),
  VIGIL_PRIVACY: text
    .optional()
    .describe('File (YAML or JSON) with the rules for personal data and prompts, by tenant: docs/redaction.md'),
  VIGIL_PRIVACY_KEY: text
    .regex(/^.{32,512}$/, 'a key of 32 to 512 characters')
    .optional()
    .describe('Key for the pseudonyms that VIGIL_PRIVACY configures; another key creates other pseudonyms'),
  VIGIL_DETECTIONS: text.optional().describe('Folder with your own detections'),
});
export type Config = z.infer<typeof ConfigSchema>;

/**
 * Reads and checks the environment.
 *
 * @throws ShellError BAD_CONFIG naming each variable and what is wrong with it; also for unknown `VIGIL_` variables,
 * which are usually misspelt
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => name.startsWith('VIGIL_') && value !== undefined && value !== '',
    ),
  );
  const unknown = Object.keys(given).filter((name) => !(name in ConfigSchema.shape) && !IGNORED.has(name));
  const parsed = ConfigSchema.safeParse(given);
  const refused = new Map((parsed.error?.issues ?? []).map(({ path, message }) => [String(path[0]), message]));
  const problems = [
    ...unknown.map((setting) => `${setting} is not a setting of Vigil`),
    ...Array.from(refused, ([setting, wanted]) => `${setting} ${shown(setting, given[setting])}must be ${wanted}`),
  ];
  if (!parsed.success || problems.length > 0)
    throw new ShellError('BAD_CONFIG', problems.join('; '), { retryable: false });
  return parsed.data;
}

const SECRETS = new Set([
  'VIGIL_DATA_KEY',
  'VIGIL_CREDENTIALS',
  'VIGIL_TOKEN',
  'VIGIL_METRICS_TOKEN',
  'VIGIL_PRIVACY_KEY',
  'VIGIL_KAFKA_PASSWORD',
  'VIGIL_CLICKHOUSE_PASSWORD',
]);
const SHOWN_CHARACTERS = 80;

/** Shows the rejected value, unless it is a secret. */
function shown(setting: string, value: string | undefined): string {
  if (SECRETS.has(setting) || value === undefined) return '';
  const plain = value.replace(/\/\/[^/@]*@/, '//…@');
  return `is ${JSON.stringify(plain.length > SHOWN_CHARACTERS ? `${plain.slice(0, SHOWN_CHARACTERS)}…` : plain)}; it `;
}

/** Belongs to the test command and not to a role. */
const IGNORED = new Set(['VIGIL_REQUIRE_ALL', 'VIGIL_TEST_KAFKA', 'VIGIL_TEST_KAFKA_SKIP']);

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Returns the address that the collector listens on. */
export function otlpHostOf({ VIGIL_OTLP_HOST, VIGIL_HOST }: Pick<Config, 'VIGIL_OTLP_HOST' | 'VIGIL_HOST'>): string {
  return VIGIL_OTLP_HOST ?? VIGIL_HOST;
}

/** Returns the path of the file of clients. */
export function tokensFile({ VIGIL_TOKENS, VIGIL_DATA }: Pick<Config, 'VIGIL_TOKENS' | 'VIGIL_DATA'>): string {
  return VIGIL_TOKENS ?? join(VIGIL_DATA, 'tokens.json');
}

/** Folders below VIGIL_DATA. */
export function dataFolders(config: Pick<Config, 'VIGIL_DATA'>) {
  return {
    lock: join(config.VIGIL_DATA, 'vigil.lock'),
    spool: join(config.VIGIL_DATA, 'spool'),
    spoolLock: join(config.VIGIL_DATA, 'spool', 'collector.lock'),
    log: join(config.VIGIL_DATA, 'log'),
    warehouse: join(config.VIGIL_DATA, 'warehouse'),
    /** Held by the process that opens the warehouse's folder. */
    warehouseLock: join(config.VIGIL_DATA, 'warehouse.lock'),
    requests: join(config.VIGIL_DATA, 'requests'),
    /** Marks the folder as encrypted and identifies its key. */
    encryption: join(config.VIGIL_DATA, 'encryption.json'),
    /** Rejected input, stored as it was sent. */
    quarantine: join(config.VIGIL_DATA, 'quarantine'),
    replays: join(config.VIGIL_DATA, 'quarantine', 'replays'),
    quarantineKey: join(config.VIGIL_DATA, 'quarantine.key'),
  };
}

/** The roles that listen and accept credentials, each in its own process. */
export const LISTENING_ROLES = ['collector', 'audit', 'detector', 'recorder'] as const;
export type ListeningRole = (typeof LISTENING_ROLES)[number];

/** The file in which a role records when it last accepted each credential. */
export function credentialsUsedBy({ VIGIL_DATA }: Pick<Config, 'VIGIL_DATA'>, role: ListeningRole): string {
  return join(VIGIL_DATA, role === 'collector' ? 'credentials-used.json' : `credentials-used-${role}.json`);
}
