/** `vigil tokens create | list | rotate | revoke | set`: the clients that may send or read, and their terms. */
import { LISTENING_ROLES, type Config, credentialsUsedBy, readConfig, tokensFile } from '../platform/config.ts';
import {
  type ClientName,
  type TermChanges,
  addCredential,
  revokeCredential,
  rotateToken,
  setTerms,
} from '../access/tokens/change.ts';
import { readLastUsed } from '../access/tokens/last-used-file.ts';
import { type Credential, NAME, NAME_WANTED, type RegisteredClient, USES, type Use } from '../access/client.ts';
import { changeClients, readClients } from '../access/clients-file.ts';
import { newId, newToken } from '../access/tokens/token.ts';
import { lineOf, rowOf, untilText } from './token-list.ts';
import { TERM_OPTIONS, describeTerms, termChanges, termsOf } from './token-terms.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil tokens create NAME [--for USE] [--tenant NAME] [--expires 90d] [--certificate NAME] [TERMS]
       vigil tokens list
       vigil tokens rotate ID [--overlap 24h] [--expires 90d]
       vigil tokens revoke ID
       vigil tokens set NAME [--tenant NAME] TERMS

Manages the clients that may send to a collector, read the page with its API, or read metrics. Running roles apply a change
within seconds. Tokens are stored as hashes in VIGIL_TOKENS (default: tokens.json in VIGIL_DATA), a file that several
collectors and audit APIs may share; a token is shown once, when it is created. Every command accepts --json.

  create   creates a token for the client NAME, and the client if it is new; the token alone goes to standard output
  list     lists credentials with their clients, terms and states, and when a role of VIGIL_DATA last accepted each
  rotate   creates a new token for the client of this one, which stays valid for the overlap
  revoke   rejects this credential from now on
  set      changes the terms of a client; the value none removes a term

  --for USE            telemetry (default) sends, read reads the page and its API, metrics reads /metrics; nothing else
  --tenant NAME        the tenant of the client and its data (default: VIGIL_TENANT)
  --expires TIME       30m, 24h, 90d from now (default: never)
  --overlap TIME       how long the old token stays valid (default: 24h; 0m ends it now)
  --certificate NAME   instead of a token: a client certificate with this name proves the client (VIGIL_TLS_CLIENT_CA)

Terms apply to a client with all its credentials.

  --reads TENANT                   with --for read: a tenant it may read besides its own; repeatable; '*' is every tenant
  --actor NAME                     everything it sends belongs to this actor, regardless of the payload
  --agent NAME                     an agent it may send for, as in agentName; repeatable
  --requests-per-minute N          --bytes-per-minute N (decompressed)      --records-per-minute N
  --actor-requests-per-minute N    --actor-bytes-per-minute N               --actor-records-per-minute N

Each collector counts quotas for itself. Over quota it answers 429 (gRPC: RESOURCE_EXHAUSTED) with a time to retry; agents
that do not retry lose what they sent.`;

const OPTIONS = {
  json: { type: 'boolean' },
  /** Another way to give NAME, for scripts; the help leaves it out. */
  sender: { type: 'string' },
  tenant: { type: 'string' },
  expires: { type: 'string' },
  overlap: { type: 'string' },
  certificate: { type: 'string' },
  for: { type: 'string' },
  ...TERM_OPTIONS,
} as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

interface Verb {
  /** Options besides --json. */
  readonly options: readonly string[];
  readonly argument?: 'NAME' | 'ID';
  readonly run: (values: Values, argument: string, config: Config) => Promise<void>;
}

const TERM_NAMES = Object.keys(TERM_OPTIONS);
const VERBS: Readonly<Record<string, Verb>> = {
  create: {
    argument: 'NAME',
    options: ['sender', 'tenant', 'expires', 'certificate', 'for', ...TERM_NAMES],
    run: create,
  },
  list: { options: [], run: list },
  rotate: { argument: 'ID', options: ['overlap', 'expires'], run: rotate },
  revoke: { argument: 'ID', options: [], run: revoke },
  set: { argument: 'NAME', options: ['sender', 'tenant', ...TERM_NAMES], run: set },
};

export async function tokens(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, OPTIONS, HELP, 2);
  const [verbName = '', positional] = positionals;
  const verb = Object.hasOwn(VERBS, verbName) ? VERBS[verbName] : undefined;
  if (verb === undefined) throw new UsageError(`create, list, rotate, revoke or set?\n\n${HELP}`);
  const surplus = Object.keys(values).find((option) => option !== 'json' && !verb.options.includes(option));
  if (surplus !== undefined) throw new UsageError(`vigil tokens ${verbName} has no option --${surplus}`);
  const argument = positional ?? values.sender;
  if (verb.argument !== undefined && argument === undefined)
    throw new UsageError(
      `vigil tokens ${verbName} ${verb.argument}: which ${verb.argument === 'ID' ? 'credential' : 'client'}?`,
    );
  const unexpected = verb.argument === undefined ? positional : positional === undefined ? undefined : values.sender;
  if (unexpected !== undefined) throw new UsageError(`${JSON.stringify(unexpected)} is not expected here`);
  await verb.run(values, argument ?? '', readConfig());
}

async function create(values: Values, name: string, config: Config): Promise<void> {
  const client = clientName(values, name, config);
  const use = values.for ?? 'telemetry';
  if (!isUse(use)) throw new UsageError(`--for is ${JSON.stringify(use)}; it must be one of ${USES.join(', ')}`);
  const terms = termsOf(values);
  assertTermsOf(use, Object.keys(terms));
  const now = Date.now();
  const { certificate } = values;
  if (certificate !== undefined && use === 'read')
    throw new UsageError('the page and its API accept tokens only, not --certificate');
  if (certificate !== undefined && certificate.length > 253)
    throw new UsageError('--certificate must be a name of at most 253 characters');
  const token = certificate === undefined ? newToken() : undefined;
  const proof = token ?? { id: newId(), certificate: certificate ?? '' };
  const life = lifeOf(values, now);
  const created = await changeClients(tokensFile(config), (clients) =>
    addCredential(clients, { name: client, use, terms, proof, now, ...life }),
  );
  printNew(values, created, token?.token);
}

async function rotate(values: Values, id: string, config: Config): Promise<void> {
  const now = Date.now();
  const overlap = values.overlap ?? '24h';
  const overlapMs = durationOf('overlap', overlap);
  const token = newToken();
  const life = lifeOf(values, now);
  const rotated = await changeClients(tokensFile(config), (clients) =>
    rotateToken(clients, { id, token, now, overlapMs, ...life }),
  );
  printNew(values, rotated, token.token);
  if (values.json !== true) console.error(`${id} stays valid for ${overlap}, or until its own end if that is earlier.`);
}

async function revoke(values: Values, id: string, config: Config): Promise<void> {
  const { client, credential } = await changeClients(tokensFile(config), (clients) =>
    revokeCredential(clients, id, Date.now()),
  );
  if (values.json === true) console.log(JSON.stringify(rowOf(client, credential, Date.now())));
  else console.error(`${id} of ${client.tenant}/${client.sender} is revoked.`);
}

async function set(values: Values, name: string, config: Config): Promise<void> {
  const wanted = clientName(values, name, config);
  if (!TERM_NAMES.some((term) => term in values)) throw new UsageError('which terms? See vigil tokens --help');
  const change = (before: RegisteredClient): TermChanges => {
    const changes = termChanges(values, before);
    assertTermsOf(before.use, Object.keys(changes));
    return changes;
  };
  const client = await changeClients(tokensFile(config), (clients) => setTerms(clients, wanted, change));
  const { credentials: _, ...terms } = client;
  console.log(
    values.json === true ? JSON.stringify(terms) : `${client.tenant}/${client.sender}: ${describeTerms(client)}`,
  );
}

async function list(values: Values, _argument: string, config: Config): Promise<void> {
  const now = Date.now();
  const lastUsed = lastUsedIn(LISTENING_ROLES.map((role) => credentialsUsedBy(config, role)));
  const rows = readClients(tokensFile(config)).flatMap((client) =>
    client.credentials.map((credential) => ({
      row: { ...rowOf(client, credential, now), lastUsedAt: lastUsed[credential.id] },
      client,
    })),
  );
  if (values.json === true) for (const { row } of rows) console.log(JSON.stringify(row));
  else if (rows.length === 0) console.error('There are no credentials; create one with vigil tokens create NAME.');
  else for (const { row, client } of rows) console.log(lineOf(row, client));
  await Promise.resolve();
}

/** @returns ms since epoch by the id of a credential, the latest of all files */
function lastUsedIn(paths: readonly string[]): Readonly<Record<string, number>> {
  const latest: Record<string, number> = {};
  for (const [id, time] of paths.flatMap((path) => Object.entries(readLastUsed(path))))
    latest[id] = Math.max(time, latest[id] ?? 0);
  return latest;
}

interface NewCredential {
  readonly client: RegisteredClient;
  readonly credential: Credential;
}

/** Prints the token alone on standard output, and what to know about it on standard error. */
function printNew(values: Values, { client, credential }: NewCredential, token: string | undefined): void {
  if (values.json === true) {
    console.log(JSON.stringify({ ...rowOf(client, credential, Date.now()), token }));
    return;
  }
  if (token !== undefined) console.log(token);
  const what =
    credential.kind === 'token' ? `Token ${credential.id}` : `Client certificate ${credential.name} (${credential.id})`;
  const once = token === undefined ? '' : ' It is shown only this once.';
  console.error(`${what} of ${client.tenant}/${client.sender}, valid ${untilText(credential.expiresAt)}.${once}`);
  const howToUse = token === undefined ? undefined : HOW_TO_USE[client.use];
  if (howToUse !== undefined) console.error(howToUse(client));
}

const HOW_TO_USE: Readonly<Partial<Record<Use, (client: RegisteredClient) => string>>> = {
  read: () =>
    'People sign in to the page with it. Programs send it as: Authorization: Bearer <token>; Vigil’s own commands read it from --token-file or VIGIL_TOKEN.',
  telemetry: ({ sender }) =>
    `Agents send it as: Authorization: Bearer <token>, or as user ${sender} with the token as password.`,
};

function isUse(word: string): word is Use {
  return USES.some((use) => use === word);
}

/** @throws UsageError for terms that do not apply to clients of this use */
function assertTermsOf(use: Use, terms: readonly string[]): void {
  const applies = (term: string): boolean => (term === 'reads' ? use === 'read' : use === 'telemetry');
  if (terms.every(applies)) return;
  if (use === 'metrics') throw new UsageError('a client for metrics has no terms');
  throw new UsageError(
    use === 'read'
      ? 'a client that reads sends nothing: --reads is its only term'
      : '--reads is a term of clients that read: --for read',
  );
}

/** @throws UsageError for a name that no client or tenant can have */
function clientName(values: Values, sender: string, config: Config): ClientName {
  const tenant = values.tenant ?? config.VIGIL_TENANT;
  for (const [argument, value] of [
    ['NAME', sender],
    ['--tenant', tenant],
  ] as const)
    if (!NAME.test(value)) throw new UsageError(`${argument} is ${JSON.stringify(value)}; it must be ${NAME_WANTED}`);
  return { tenant, sender };
}

function lifeOf(values: Values, now: number): { readonly expiresAt?: number } {
  return values.expires === undefined ? {} : { expiresAt: now + durationOf('expires', values.expires) };
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @returns ms */
function durationOf(option: string, text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined)
    throw new UsageError(`--${option} is ${JSON.stringify(text)}; it must be a time such as 30m, 24h or 90d`);
  return Number(count) * unitMs;
}
