/** `vigil tokens create | list | rotate | revoke | set`: who may send to a collector, and on what terms. */
import { CREDENTIAL_TAKERS, type Config, credentialsUsedBy, readConfig, tokensFile } from '../platform/config.ts';
import { type TermChanges, addCredential, revokeCredential, rotateToken, setTerms } from '../access/tokens/change.ts';
import { readLastUsed } from '../access/tokens/last-used-file.ts';
import { type Credential, NAME, NAME_WANTED, type Sender, USES, type Use, stateOf } from '../access/client.ts';
import { changeSenders, readSenders } from '../access/clients-file.ts';
import { newId, newToken } from '../access/tokens/token.ts';
import { TERM_OPTIONS, describeTerms, termChanges, termsOf } from './token-terms.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil tokens create --sender NAME [--tenant NAME] [TERMS] [--expires 90d] [--certificate NAME] [--for USE]
       vigil tokens list [--json]
       vigil tokens rotate ID [--overlap 24h] [--expires 90d]
       vigil tokens revoke ID
       vigil tokens set --sender NAME [--tenant NAME] TERMS

Who may send to a collector, read the page with its API, or read metrics. What runs takes a change within seconds; tokens are
kept as hashes, so that one is told when it is made and never again. They lie in VIGIL_TOKENS (default: tokens.json in
VIGIL_DATA), which several collectors and audit APIs may share. Every command takes --json.

  create   a new token (alone on standard output) for a sender, which is made when there is none of that name
  list     credentials with their senders, terms and states, and when a role of VIGIL_DATA last took each
  rotate   a new token for the sender of this one, which stays valid for the overlap
  revoke   no longer takes this credential
  set      other terms for a sender; none takes a term off

  --sender NAME        stands on each record; actors that a payload names are told apart by it
  --tenant NAME        whose data it is (default: VIGIL_TENANT)
  --expires TIME       30m, 24h, 90d from now; without it, never
  --overlap TIME       how long the old token stays valid (default 24h; 0m ends it now)
  --certificate NAME   no token: the sender proves itself by a client certificate with this name (VIGIL_TLS_CLIENT_CA)
  --for USE            telemetry (default) sends; read reads the page and the audit API; metrics reads /metrics; each that alone

  --reads TENANT       of --for read: a tenant it may read besides its own, may be given more than once; '*' is every one

Terms, of the sender with all its credentials. Quotas hold in each collector by itself; more is answered with 429
(gRPC: RESOURCE_EXHAUSTED) and a time to come again, and agents that do not come again have lost what they sent.

  --actor NAME                     all that it sends is this actor's, whatever a payload says
  --agent NAME                     agents it may send for, as in agentName; may be given more than once
  --requests-per-minute N          --bytes-per-minute N (decompressed)      --records-per-minute N
  --actor-requests-per-minute N    --actor-bytes-per-minute N               --actor-records-per-minute N`;

const OPTIONS = {
  json: { type: 'boolean' },
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
  readonly takes: readonly string[];
  readonly withId?: true;
  readonly run: (values: Values, id: string, config: Config) => Promise<void>;
}

const TERM_NAMES = Object.keys(TERM_OPTIONS);
const VERBS: Readonly<Record<string, Verb>> = {
  create: { takes: ['sender', 'tenant', 'expires', 'certificate', 'for', ...TERM_NAMES], run: create },
  list: { takes: [], run: list },
  rotate: { takes: ['overlap', 'expires'], withId: true, run: rotate },
  revoke: { takes: [], withId: true, run: revoke },
  set: { takes: ['sender', 'tenant', ...TERM_NAMES], run: set },
};

export async function tokens(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, OPTIONS, HELP, 2);
  const [name = '', id] = positionals;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw new UsageError(`create, list, rotate, revoke or set?\n\n${HELP}`);
  const surplus = Object.keys(values).find((option) => option !== 'json' && !verb.takes.includes(option));
  if (surplus !== undefined) throw new UsageError(`vigil tokens ${name} takes no --${surplus}`);
  if (verb.withId === true && id === undefined) throw new UsageError(`vigil tokens ${name} ID: which credential?`);
  if (verb.withId !== true && id !== undefined) throw new UsageError(`${JSON.stringify(id)} is not expected here`);
  await verb.run(values, id ?? '', readConfig());
}

async function create(values: Values, _id: string, config: Config): Promise<void> {
  const named = namedBy(values, config);
  const use = values.for ?? 'telemetry';
  if (!isUse(use)) throw new UsageError(`--for is ${JSON.stringify(use)}; it must be one of ${USES.join(', ')}`);
  const terms = termsOf(values);
  assertTermsOf(use, Object.keys(terms));
  const now = Date.now();
  const { certificate } = values;
  if (certificate !== undefined && use === 'read')
    throw new UsageError('the page and its API take tokens only, no --certificate');
  if (certificate !== undefined && certificate.length > 253)
    throw new UsageError('--certificate must be a name of at most 253 characters');
  const token = certificate === undefined ? newToken() : undefined;
  const proof = token ?? { id: newId(), certificate: certificate ?? '' };
  const life = lifeOf(values, now);
  const { sender, credential } = await changeSenders(tokensFile(config), (senders) =>
    addCredential(senders, { named, use, terms, proof, now, ...life }),
  );
  tell(values, sender, credential, token?.token);
}

async function rotate(values: Values, id: string, config: Config): Promise<void> {
  const now = Date.now();
  const overlapMs = durationOf('overlap', values.overlap ?? '24h');
  const token = newToken();
  const life = lifeOf(values, now);
  const { sender, credential } = await changeSenders(tokensFile(config), (senders) =>
    rotateToken(senders, { id, token, now, overlapMs, ...life }),
  );
  tell(values, sender, credential, token.token);
  if (values.json !== true)
    console.error(`${id} stays valid for ${values.overlap ?? '24h'}, or until its own end if that is earlier.`);
}

async function revoke(values: Values, id: string, config: Config): Promise<void> {
  const { sender, credential } = await changeSenders(tokensFile(config), (senders) =>
    revokeCredential(senders, id, Date.now()),
  );
  if (values.json === true) console.log(JSON.stringify(rowOf(sender, credential, Date.now())));
  else console.error(`${id} of ${sender.tenant}/${sender.sender} is revoked.`);
}

async function set(values: Values, _id: string, config: Config): Promise<void> {
  const named = namedBy(values, config);
  if (!TERM_NAMES.some((name) => name in values)) throw new UsageError('which terms? See vigil tokens --help');
  const change = (before: Sender): TermChanges => {
    const changes = termChanges(values, before);
    assertTermsOf(before.use, Object.keys(changes));
    return changes;
  };
  const sender = await changeSenders(tokensFile(config), (senders) => setTerms(senders, named, change));
  const { credentials: _, ...terms } = sender;
  console.log(
    values.json === true ? JSON.stringify(terms) : `${sender.tenant}/${sender.sender}: ${describeTerms(sender)}`,
  );
}

async function list(values: Values, _id: string, config: Config): Promise<void> {
  const now = Date.now();
  const lastUsed = lastUsedBy(CREDENTIAL_TAKERS.map((who) => credentialsUsedBy(config, who)));
  const rows = readSenders(tokensFile(config)).flatMap((sender) =>
    sender.credentials.map((credential) => ({
      row: { ...rowOf(sender, credential, now), lastUsedAt: lastUsed[credential.id] },
      sender,
    })),
  );
  if (values.json === true) for (const { row } of rows) console.log(JSON.stringify(row));
  else if (rows.length === 0) console.error('There are no credentials; make one with vigil tokens create.');
  else for (const { row, sender } of rows) console.log(lineOf(row, sender));
  await Promise.resolve();
}

/** @returns ms since epoch by the id of a credential, the latest of all files */
function lastUsedBy(paths: readonly string[]): Readonly<Record<string, number>> {
  const latest: Record<string, number> = {};
  for (const [id, time] of paths.flatMap((path) => Object.entries(readLastUsed(path))))
    latest[id] = Math.max(time, latest[id] ?? 0);
  return latest;
}

function lineOf(row: Row & { readonly lastUsedAt: number | undefined }, sender: Sender): string {
  const used = row.lastUsedAt === undefined ? 'never' : timeText(row.lastUsedAt);
  const proof = row.certificate === undefined ? 'token' : `certificate ${row.certificate}`;
  const columns = [
    row.id,
    row.state.padEnd(7),
    untilText(row.expiresAt).padEnd(23),
    `${row.tenant}/${row.sender}`.padEnd(32),
  ];
  return [...columns, proof, `last used ${used}`, describeTerms(sender)].join('  ');
}

function isUse(word: string): word is Use {
  return USES.some((use) => use === word);
}

/** @throws UsageError for terms of what such a credential does not do */
function assertTermsOf(use: Use, terms: readonly string[]): void {
  const isFor = (term: string): boolean => (term === 'reads' ? use === 'read' : use === 'telemetry');
  if (terms.every(isFor)) return;
  if (use === 'metrics') throw new UsageError('a sender for metrics sends nothing and has no terms');
  throw new UsageError(
    use === 'read'
      ? 'a sender that reads sends nothing: --reads is its only term'
      : '--reads is a term of senders that read: --for read',
  );
}

type Row = ReturnType<typeof rowOf>;

/** A credential as it is listed; never its hash. */
function rowOf(sender: Sender, credential: Credential, now: number) {
  const { tenant, sender: name, use, actor, agents, quota, actorQuota, reads } = sender;
  const { id, kind, createdAt, expiresAt, revokedAt } = credential;
  const certificate = credential.kind === 'certificate' ? credential.name : undefined;
  const terms = { use, actor, agents, quota, actorQuota, reads };
  return {
    id,
    kind,
    certificate,
    state: stateOf(credential, now),
    tenant,
    sender: name,
    ...terms,
    createdAt,
    expiresAt,
    revokedAt,
  };
}

/** The token alone goes to standard output; what is to be known of it to standard error. */
function tell(values: Values, sender: Sender, credential: Credential, token: string | undefined): void {
  if (values.json === true) {
    console.log(JSON.stringify({ ...rowOf(sender, credential, Date.now()), token }));
    return;
  }
  if (token !== undefined) console.log(token);
  const what =
    credential.kind === 'token' ? `Token ${credential.id}` : `Client certificate ${credential.name} (${credential.id})`;
  const kept = token === undefined ? '' : ' It is told this once.';
  console.error(`${what} of ${sender.tenant}/${sender.sender}, valid ${untilText(credential.expiresAt)}.${kept}`);
  if (token === undefined || sender.use === 'metrics') return;
  if (sender.use === 'read')
    console.error(
      'It signs in to the page; programs send it as: Authorization: Bearer <token>, Vigil’s own commands take it from --token-file or VIGIL_TOKEN.',
    );
  else
    console.error(
      `Agents send it as: Authorization: Bearer <token>, or as user ${sender.sender} with the token as password.`,
    );
}

function namedBy(values: Values, config: Config): { readonly tenant: string; readonly sender: string } {
  if (values.sender === undefined) throw new UsageError('--sender NAME is needed');
  const tenant = values.tenant ?? config.VIGIL_TENANT;
  for (const [option, value] of [
    ['sender', values.sender],
    ['tenant', tenant],
  ] as const)
    if (!NAME.test(value)) throw new UsageError(`--${option} is ${JSON.stringify(value)}; it must be ${NAME_WANTED}`);
  return { tenant, sender: values.sender };
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

function untilText(time: number | undefined): string {
  return time === undefined ? 'for ever' : `until ${timeText(time)}`;
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}
