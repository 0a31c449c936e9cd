/** `vigil rejects list | show | replay | openings`: what a collector rejected, as it was sent. */
import { writeSync } from 'node:fs';
import { type Opening, openAuditTrail } from '../collector/quarantine/audit-trail.ts';
import {
  type QuarantineId,
  type RequestHead,
  parseQuarantineId,
  quarantineIdText,
} from '../collector/quarantine/entry.ts';
import { DAY_MS, type Found, findRequest, requestsIn } from '../collector/quarantine/folder.ts';
import { recordBytes } from '../collector/quarantine/record-bytes.ts';
import { askReplay } from '../collector/quarantine/replay-requests.ts';
import { type Config, dataFolders, readConfig } from '../platform/config.ts';
import { type DataKey, createDataKey, readKeyFile } from '../platform/encryption/data-key.ts';
import { openDataKey } from '../platform/data-folder-key.ts';
import { blockThread } from '../platform/retry.ts';
import { ShellError, messageOf } from '../platform/shell-error.ts';
import { RejectReason } from '../schemas/records/reject.ts';
import { UsageError, readArguments } from './usage.ts';

const HELP = `Usage: vigil rejects list [--tenant NAME] [--sender NAME] [--reason REASON] [--since TIME] [--json]
       vigil rejects show ID --why TEXT
       vigil rejects replay ID --why TEXT [--json]
       vigil rejects openings [--json]

Lists, shows and replays input that the collector of VIGIL_DATA rejected. The input is kept unchanged and encrypted in the
collector's quarantine until it expires (VIGIL_QUARANTINE_DAYS) or is removed for newer input (VIGIL_QUARANTINE_BYTES).

  list      lists requests that were rejected in whole or in part, oldest first; decrypts nothing
  show      writes raw bytes to standard output: those of the record that ID names (quarantineId of a reject), or of the
            whole request if ID names no record
  replay    makes the running collector process the rejected records again, with their original sender and receipt time
            but the current mappings and terms. Records that were accepted before are duplicates, so a second replay adds
            nothing
  openings  lists who opened what, when and why; exits with 1 if the list was tampered with

show and replay need the key, and record who opens what, and why, before they open it.

  --tenant NAME    only this tenant           --sender NAME    only this sender
  --reason REASON  ${RejectReason.options.slice(0, 4).join(', ')}, …
  --since TIME     received since then: 30m, 24h or 7d ago, or a date
  --why TEXT       the reason for opening it
  --data FOLDER    data folder (default: VIGIL_DATA, else ~/.vigil)`;

const OPTIONS = {
  json: { type: 'boolean' },
  tenant: { type: 'string' },
  sender: { type: 'string' },
  reason: { type: 'string' },
  since: { type: 'string' },
  why: { type: 'string' },
  data: { type: 'string' },
} as const;
type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

interface Verb {
  readonly takes: readonly (keyof Values)[];
  readonly run: (values: Values, config: Config, id: string | undefined) => Promise<void>;
  readonly withId: boolean;
}

const VERBS: Readonly<Record<string, Verb>> = {
  list: { takes: ['json', 'tenant', 'sender', 'reason', 'since'], withId: false, run: list },
  show: { takes: ['why'], withId: true, run: show },
  replay: { takes: ['why', 'json'], withId: true, run: replay },
  openings: { takes: ['json'], withId: false, run: openings },
};

const REPLAY_MS = 60_000;
const WHY_LENGTH = 500;

export async function rejects(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, OPTIONS, HELP, 2);
  const [name = '', id] = positionals;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw new UsageError(`list, show, replay or openings?\n\n${HELP}`);
  const surplus = Object.keys(values).find(
    (option) => option !== 'data' && !verb.takes.includes(option as keyof Values),
  );
  if (surplus !== undefined) throw new UsageError(`vigil rejects ${name} does not accept --${surplus}`);
  if (verb.withId !== (id !== undefined))
    throw new UsageError(
      verb.withId ? `vigil rejects ${name} ID: which one?` : `${JSON.stringify(id)} is not expected here`,
    );
  const config = readConfig({ ...process.env, ...(values.data === undefined ? {} : { VIGIL_DATA: values.data }) });
  await verb.run(values, config, id);
}

async function list({ json, tenant, sender, reason, since }: Values, config: Config): Promise<void> {
  const wanted = reason === undefined ? undefined : RejectReason.safeParse(reason).data;
  if (reason !== undefined && wanted === undefined)
    throw new UsageError(`--reason is ${JSON.stringify(reason)}; it must be one of ${RejectReason.options.join(', ')}`);
  const from = Math.max(since === undefined ? 0 : timeOf(since), expiredBefore(config));
  const found = requestsIn(dataFolders(config).quarantine, from).filter(
    (head) =>
      (tenant === undefined || head.tenant === tenant) &&
      (sender === undefined || head.sender === sender) &&
      (wanted === undefined || head.reasons[wanted] !== undefined),
  );
  for (const { kind: _, ...head } of found) console.log(json === true ? JSON.stringify(head) : lineOf(head));
  if (found.length === 0 && json !== true) console.error('Nothing of that kind is in the quarantine.');
  await Promise.resolve();
}

function lineOf({
  id,
  receivedAt,
  tenant,
  sender,
  signal,
  encoding,
  sizeBytes,
  reasons,
}: Omit<RequestHead, 'kind'>): string {
  const counts = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  return [
    id,
    timeText(receivedAt),
    `${tenant}/${sender}`.padEnd(24),
    signal.padEnd(7),
    encoding.padEnd(8),
    `${sizeBytes} bytes`.padStart(14),
    counts.join(', '),
  ].join('  ');
}

async function show({ why }: Values, config: Config, text = ''): Promise<void> {
  const { named, found } = opened('show', why, config, text);
  const bytes = bytesOf(named, found);
  // Whole, also into a pipe that is read slowly.
  for (let written = 0; written < bytes.length;) written += writeBlocking(bytes.subarray(written));
  const { ranges, more } = found.content;
  if (named.record === undefined && ranges.length > 0) {
    const shown = ranges.slice(0, 20).map(([from, to, reason]) => `${from === to ? from : `${from}-${to}`} ${reason}`);
    const rest = ranges.length > shown.length || more > 0 ? ', …' : '';
    console.error(`Rejected: ${shown.join(', ')}${rest}. Show one record with ${named.id}.N.`);
  }
  await Promise.resolve();
}

function bytesOf({ record, ...named }: QuarantineId, { head, content }: Found): Uint8Array {
  if (record === undefined) return content.body;
  let bytes: Uint8Array | undefined;
  try {
    bytes = recordBytes(head, content, record);
  } catch (error) {
    throw new ShellError(
      'NOT_FOUND',
      `the request is no OTLP and has no records (${messageOf(error)}); show it whole with ${named.id}`,
      {
        retryable: false,
        cause: error,
      },
    );
  }
  if (bytes === undefined)
    throw new ShellError('NOT_FOUND', `the request ${named.id} has no record ${record}`, { retryable: false });
  return bytes;
}

async function replay({ why, json }: Values, config: Config, text = ''): Promise<void> {
  const { named, key, opening } = opened('replay', why, config, text);
  const told = await askReplay(dataFolders(config).replays, key, {
    ...named,
    opening: opening.sequence,
    timeoutMs: REPLAY_MS,
  });
  if (json === true) console.log(JSON.stringify(told));
  else
    console.log(
      `${told.records} records: ${told.accepted} accepted, ${told.duplicate} duplicate, ${told.skipped} skipped, ${told.rejected} rejected again`,
    );
}

/** Finds it with the key, then writes down that it is opened. @throws UsageError; ShellError */
function opened(action: Opening['action'], why: string | undefined, config: Config, text: string) {
  const named = parseQuarantineId(text);
  if (named === undefined)
    throw new UsageError(`${JSON.stringify(text)} is no id of the quarantine: 32 hex digits, and .N for one record`);
  if (why === undefined) throw new UsageError(`vigil rejects ${action} ${text} --why TEXT: why is it opened?`);
  if (why.length > WHY_LENGTH) throw new UsageError(`--why must have at most ${WHY_LENGTH} characters`);
  const { quarantine } = dataFolders(config);
  const key = keyOf(config);
  const found = findRequest(quarantine, key, named.id, expiredBefore(config));
  const opening = openAuditTrail(quarantine, key, Date.now).note({ action, id: quarantineIdText(named), why });
  return { named, key, found, opening };
}

async function openings({ json }: Values, config: Config): Promise<void> {
  const { openings: found, faults } = openAuditTrail(dataFolders(config).quarantine, keyOf(config), Date.now).read();
  for (const { time, user, host, action, id, why, sequence } of found)
    console.log(
      json === true
        ? JSON.stringify({ sequence, time, user, host, action, id, why })
        : `${timeText(time)}  ${user} on ${host}  ${action.padEnd(6)}  ${id}  ${why}`,
    );
  if (found.length === 0 && faults.length === 0 && json !== true) console.error('Nobody has opened anything.');
  for (const fault of faults) console.error(`vigil: the list of openings was tampered with: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  await Promise.resolve();
}

/** @throws ShellError BAD_KEY, WRONG_KEY, KEY_MISSING */
function keyOf(config: Config): DataKey {
  const dataKey = openDataKey(config);
  if (dataKey !== undefined) return dataKey;
  return createDataKey(readKeyFile(dataFolders(config).quarantineKey, 'of the quarantine'));
}

function expiredBefore({ VIGIL_QUARANTINE_DAYS }: Config): number {
  return Date.now() - VIGIL_QUARANTINE_DAYS * DAY_MS;
}

const UNITS = { m: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** ms since epoch. @throws UsageError */
function timeOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const time = count === undefined ? Date.parse(text) : Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS];
  if (Number.isNaN(time)) throw new UsageError(`--since is ${JSON.stringify(text)}; it must be 30m, 24h, 7d or a date`);
  return time;
}

function timeText(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

function writeBlocking(bytes: Uint8Array): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    blockThread(5);
    return 0;
  }
}
