/** Accepts one decoded request: events go to the spool, rejected records to the quarantine. */
import type { OtlpSignal, Origin } from '../schemas/otlp/request.ts';
import type { Metrics } from '../platform/metrics.ts';
import { hashParts, sha256 } from '../platform/hash.ts';
import type { Reject } from '../schemas/records/reject.ts';
import { TOPICS } from '../schemas/topics.ts';
import { watchDerivation } from './intake/derivation-metrics.ts';
import { type IntakeDeps, type IntakeRequest, type IntakeResult, acceptRequest } from './intake/intake.ts';
import { mappingFor } from '../agents/index.ts';
import type { Encoding } from './otlp/answer.ts';
import { readJson } from './otlp/json/read-json.ts';
import { readProtobuf } from './otlp/protobuf/read-protobuf.ts';
import { OtlpDecodeError } from '../schemas/otlp/record.ts';
import type { TenantPrivacy } from './privacy/protection.ts';
import { isAmong, quarantineIdText } from './quarantine/entry.ts';
import type { Quarantine } from './quarantine/quarantine.ts';
import type { Replay } from './quarantine/replay.ts';
import { refusedRequest } from './intake/refused-request.ts';
import type { DecodedRequest } from './doors/receiver.ts';
import type { Spool } from './spool/spool.ts';

export interface AcceptDeps {
  readonly spool: Spool;
  readonly quarantine: Quarantine;
  readonly privacyOf: (tenant: string) => TenantPrivacy;
  /** The sender's current registration; undefined if it is not in the file of clients. */
  readonly registered: (tenant: string, sender: string) => Origin | undefined;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface Accept {
  readonly accept: (request: DecodedRequest) => Promise<{ readonly rejected: number; readonly message: string }>;
  readonly replay: Replay;
}

type Readers = Readonly<Record<Encoding, IntakeDeps['read']>>;
const READERS: Readers = { json: readJson, protobuf: readProtobuf };

export function createAccept({ spool, quarantine, privacyOf, registered, metrics, now }: AcceptDeps): Accept {
  const countDerivation = watchDerivation(metrics);
  const redactions = metrics.counter(
    'collector_redactions_total',
    'Secrets and personal data removed from events and from rejects, by kind',
    ['kind'],
  );

  const intake = (encoding: Encoding, request: IntakeRequest, isKnown: (eventId: string) => boolean) => {
    const actors = spool.actors.request(request);
    const deps = { read: READERS[encoding], mappingFor, hash128: hashParts, sha256, privacyOf, actors, isKnown };
    return { actors, result: acceptRequest(deps, request) };
  };

  const keep = async (
    { tenant, sender, signal }: Origin & { readonly signal: OtlpSignal },
    { actors, result }: ReturnType<typeof intake>,
    quarantineId: string | undefined,
  ): Promise<void> => {
    for (const [kind, count] of result.redacted) redactions.inc({ kind }, count);
    const events = result.messages.map((message) => ({
      header: {
        topic: TOPICS.events,
        key: `${message.tenant}/${message.actor}`,
        count: message.events,
        ...(message.derived === 0 ? {} : { derived: message.derived }),
        sender,
        signal,
        records: message.records,
        ...(message.recordEnds === undefined ? {} : { recordEnds: message.recordEnds }),
      },
      value: message.lines,
    }));
    const rejects = result.rejects.map((reject) => rejectEntry(signal, inQuarantine(reject, quarantineId)));
    await spool.append({
      entries: [...events, ...rejects],
      assignments: actors.assignments(),
      ledger: {
        tenant,
        sender,
        signal,
        received: result.records,
        ...result,
        events: result.messages.reduce((total, message) => total + message.events, 0),
        derived: result.messages.reduce((total, message) => total + message.derived, 0),
      },
    });
    countDerivation(result.derivation);
  };

  const refuse = async ({ client, signal, encoding, body }: DecodedRequest, error: OtlpDecodeError) => {
    const receivedAt = now();
    const reasons = new Map([['malformed_request', 1] as const]);
    const { id, done } = quarantine.keep({
      origin: client,
      signal,
      encoding,
      body,
      receivedAt,
      reasons,
      rejectedRanges: { ranges: [], more: 0 },
    });
    const { tenant, sender } = client;
    const told = refusedRequest({ tenant, sender, signal, body, error, receivedAt, privacyOf });
    for (const [kind, count] of told.redacted) redactions.inc({ kind }, count);
    const none = {
      received: 0,
      accepted: 0,
      duplicate: 0,
      skipped: new Map(),
      rejected: new Map(),
      events: 0,
      derived: 0,
    };
    await done;
    await spool.append({
      entries: told.rejects.map((reject) => rejectEntry(signal, inQuarantine(reject, id))),
      ledger: { tenant, sender, signal, ...none },
    });
  };

  return {
    accept: async (request) => {
      const { client, signal, encoding, body, charge } = request;
      const recentIds = spool.recentIds.of(client);
      const receivedAt = now();
      let outcome: ReturnType<typeof intake>;
      try {
        outcome = intake(encoding, { ...client, signal, body, receivedAt }, recentIds.has);
      } catch (error) {
        if (error instanceof OtlpDecodeError) await refuse(request, error);
        throw error;
      }
      const { result } = outcome;
      charge.records(result.records, result.messages);
      // This runs before the first await, so that a repeat that arrives meanwhile is recognised.
      for (const message of result.messages) for (const eventId of message.eventIds) recentIds.add(eventId);
      const { rejected: reasons, rejectedRanges } = result;
      const kept =
        reasons.size === 0
          ? undefined
          : quarantine.keep({ origin: client, signal, encoding, body, receivedAt, reasons, rejectedRanges });
      // Both happen in the same tick: an id that is remembered as accepted must already be queued for the disk.
      await Promise.all([keep({ ...client, signal }, outcome, kept?.id), kept?.done]);
      return rejection(result);
    },
    replay: async (id, record) => {
      const { head, content, replayed } = quarantine.find(id);
      const { tenant, sender, signal, encoding, receivedAt, actor, agents } = head;
      const origin = registered(tenant, sender) ?? { tenant, sender, actor, agents };
      const isAsked = (each: number): boolean => record === undefined || each === record;
      const only = isWhole(content) ? undefined : (each: number) => isAsked(each) && isAmong(content.ranges, each);
      const recentIds = spool.recentIds.of(origin);
      const isKnown = (eventId: string): boolean => replayed.has(eventId) || recentIds.has(eventId);
      const outcome = intake(
        encoding,
        { ...origin, tenant, sender, signal, body: content.body, receivedAt, only },
        isKnown,
      );
      const eventIds = outcome.result.messages.flatMap((message) => message.eventIds);
      for (const eventId of eventIds) recentIds.add(eventId);
      await keep({ tenant, sender, signal }, outcome, id);
      if (eventIds.length > 0) await quarantine.noteReplay(id, eventIds);
      const { records, accepted, duplicate, skipped, rejected } = outcome.result;
      return { records, accepted, duplicate, skipped: sum(skipped), rejected: sum(rejected) };
    },
  };
}

/** True if the whole request was refused before its records were read. */
function isWhole({ ranges, more }: { readonly ranges: readonly unknown[]; readonly more: number }): boolean {
  return ranges.length === 0 && more === 0;
}

function inQuarantine(reject: Reject, id: string | undefined): Reject {
  return id === undefined ? reject : { ...reject, quarantineId: quarantineIdText({ id, record: reject.record }) };
}

function rejectEntry(signal: OtlpSignal, reject: Reject) {
  const sender = reject.sender ?? '';
  return {
    header: { topic: TOPICS.rejects, key: reject.tenant, count: 1, sender, signal, records: 0 },
    value: JSON.stringify(reject),
  };
}

function rejection({ rejected }: IntakeResult): { readonly rejected: number; readonly message: string } {
  return { rejected: sum(rejected), message: [...rejected].map(([reason, n]) => `${n} ${reason}`).join(', ') };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, n) => total + n, 0);
}
