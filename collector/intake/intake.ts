/**
 * One request in, one message per actor out: reads OTLP, maps each record, gives every event its identity and stamps
 * what no payload may claim. Pure; the live collector and the backtest run this same code.
 */
import { AgentEvent, isAgentEvent } from '../../schemas/records/agent-event.ts';
import { EVENT_BYTES } from '../../schemas/topics.ts';
import type { Reject, RejectReason } from '../../schemas/records/reject.ts';
import { ActorMessages } from './actor-messages.ts';
import type { AcceptedEvent, ActorMessage } from './actor-writer.ts';
import { RecordIds } from './record-ids.ts';
import { type DerivationCounts, addDerivation, createLineReading, noDerivation } from './derivation.ts';
import type { EventDraft, Mapped, Mapping, SkipReason } from '../../agents/mapping/mapping.ts';
import { OtlpDecodeError } from '../../schemas/otlp/record.ts';
import type { OtlpSignal, Origin } from '../../schemas/otlp/request.ts';
import type { FlatRecord, OnMalformed, OnRecord, Resource, Scope } from '../../schemas/otlp/record.ts';
import { type Protection, type TenantPrivacy, createProtection } from '../privacy/protection.ts';
import type { SessionActors } from './session-actors.ts';
import { RejectedRecords, type RejectedRanges } from './rejected-records.ts';

export interface IntakeDeps {
  readonly read: (signal: OtlpSignal, body: Uint8Array, onRecord: OnRecord, onMalformed: OnMalformed) => number;
  readonly mappingFor: (resource: Resource, scope: Scope) => Mapping | undefined;
  /** 128 bits as 32 lower-case hex digits. */
  readonly hash128: (...parts: readonly (string | Uint8Array)[]) => string;
  /** 256 bits as 64 lower-case hex digits. */
  readonly sha256: (bytes: string | Uint8Array) => string;
  readonly actors: SessionActors;
  /** True when an event of this id was accepted before, within the window the caller keeps. */
  readonly isKnown: (eventId: string) => boolean;
  /** How personal data and contents are treated; by default all personal data is kept, and no content. */
  readonly privacyOf?: (tenant: string) => TenantPrivacy;
}

export interface IntakeRequest extends Origin {
  readonly signal: OtlpSignal;
  readonly body: Uint8Array;
  /** When the request arrived, ms since epoch. A backtest has no such time and uses the record's own. */
  readonly receivedAt: number | 'time of the record';
  /** Reads only these of its records, with the ids that they have among all; the others are not even counted. */
  readonly only?: ((record: number) => boolean) | undefined;
}

export interface IntakeResult {
  /** Input records seen; equals accepted + skipped + rejected + duplicate. */
  readonly records: number;
  readonly accepted: number;
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly rejected: ReadonlyMap<RejectReason, number>;
  readonly duplicate: number;
  /** Secrets and personal data removed from events and rejects, by kind. */
  readonly redacted: ReadonlyMap<string, number>;
  /** Events implied by command lines, counted separately from the records. */
  readonly derivation: DerivationCounts;
  readonly messages: readonly ActorMessage[];
  readonly rejects: readonly Reject[];
  /** Which records were rejected. */
  readonly rejectedRanges: RejectedRanges;
}

/** @throws OtlpDecodeError when the body is not OTLP; then nothing of it is accepted */
export function acceptRequest(deps: IntakeDeps, request: IntakeRequest): IntakeResult {
  const intake = new Intake(deps, request);
  const records = deps.read(
    request.signal,
    request.body,
    (record) => intake.add(record),
    ({ error, ...record }) => intake.addMalformed(record, error),
  );
  return intake.result(request.only === undefined ? records : undefined);
}

/** No agent sends more malformed records in one request. Beyond this the whole request is refused, to bound its cost. */
const MALFORMED_RECORDS = 100_000;

type MappedEvents = Extract<Mapped, { readonly kind: 'events' }>;

class Intake {
  readonly #deps: IntakeDeps;
  readonly #request: IntakeRequest;
  readonly #skipped = new Map<SkipReason, number>();
  readonly #rejected = new Map<RejectReason, number>();
  readonly #rejectedRecords: RejectedRecords;
  readonly #messages: ActorMessages;
  readonly #ids: RecordIds;
  readonly #mappings = new Map<Resource, Map<Scope, Mapping | undefined>>();
  readonly #redacted = new Map<string, number>();
  readonly #protection: Protection;
  readonly #derivation = noDerivation();
  /** Records seen, and of these those that are asked for. */
  #seen = 0;
  #wanted = 0;
  #accepted = 0;
  #duplicate = 0;
  /** Latest time seen, for records without one in a backtest. */
  #latestTime = 0;

  constructor(deps: IntakeDeps, request: IntakeRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#protection = createProtection(deps.privacyOf?.(request.tenant), deps.hash128, (kind) =>
      count(this.#redacted, kind),
    );
    const { tenant, sender } = request;
    this.#messages = new ActorMessages(tenant);
    this.#ids = new RecordIds(tenant, deps.hash128);
    this.#rejectedRecords = new RejectedRecords({ ...deps, tenant, sender, protection: this.#protection });
  }

  add(record: FlatRecord): void {
    if (!this.#isWanted()) {
      // Counts it: equal records get different ids by their ordinal.
      this.#ids.next(record);
      return;
    }
    let mapped: Mapped;
    try {
      const mapping = this.#mappingOf(record);
      mapped =
        mapping === undefined ? { kind: 'skip', reason: 'unknown_source' } : mapping.map(record, this.#deps.hash128);
    } catch (error) {
      // A record is decoded as it is read: a value of this one is malformed, of which the others know nothing.
      if (!(error instanceof OtlpDecodeError)) throw error;
      this.#malformed(record, error);
      return;
    }
    switch (mapped.kind) {
      case 'skip':
        count(this.#skipped, mapped.reason);
        return;
      case 'reject':
        this.#reject(record, mapped.reason, mapped.detail, record.bytes);
        return;
      case 'events':
        this.#accept(record, mapped);
        return;
      default:
        mapped satisfies never;
    }
  }

  /** A record that the reader could not decode. */
  addMalformed(record: Pick<FlatRecord, 'signal' | 'bytes'>, error: OtlpDecodeError): void {
    if (this.#isWanted()) this.#malformed(record, error);
  }

  #isWanted(): boolean {
    const { only } = this.#request;
    this.#seen += 1;
    if (only !== undefined && !only(this.#seen - 1)) return false;
    this.#wanted += 1;
    return true;
  }

  /** @throws OtlpDecodeError for one too many: then nothing of the request is accepted */
  #malformed(record: Pick<FlatRecord, 'signal' | 'bytes'>, error: OtlpDecodeError): void {
    if ((this.#rejected.get('malformed_record') ?? 0) >= MALFORMED_RECORDS)
      throw new OtlpDecodeError(`more than ${MALFORMED_RECORDS} malformed records`, error.offset);
    this.#reject(record, 'malformed_record', error.message, record.bytes);
  }

  result(records = this.#wanted): IntakeResult {
    const { rejects, ranges } = this.#rejectedRecords.finish();
    return {
      records,
      accepted: this.#accepted,
      skipped: this.#skipped,
      rejected: this.#rejected,
      duplicate: this.#duplicate,
      redacted: this.#redacted,
      derivation: this.#derivation,
      messages: this.#messages.finish(),
      rejects,
      rejectedRanges: ranges,
    };
  }

  #accept(record: FlatRecord, { events: drafts, identity }: MappedEvents): void {
    const { tenant, sender, agents } = this.#request;
    const strange = agents === undefined ? undefined : drafts.find(({ agentName }) => !agents.includes(agentName));
    if (strange !== undefined) {
      const allowed = `${sender} may send for ${agents?.join(', ') ?? ''}`;
      this.#reject(record, 'agent_not_allowed', `${strange.agentName}: ${allowed}`, record.bytes);
      return;
    }
    const id = this.#ids.next(record);
    if (this.#deps.isKnown(id)) {
      this.#duplicate += 1;
      return;
    }
    const events: AcceptedEvent[] = [];
    const known = this.#protection.identity(identity);
    const lines = createLineReading(this.#deps.hash128);
    for (let ordinal = 0; ordinal < drafts.length; ordinal += 1) {
      // Before its line is parsed: then nothing read out of it holds a secret, and it can be parsed all the same.
      const draft = this.#protection.draft(drafts[ordinal] as EventDraft);
      const actor = this.#deps.actors.actorOf(draft.sessionId, known);
      const eventId = ordinal === 0 ? id : this.#deps.hash128(id, '/', String(ordinal));
      const stamped = { ...draft, eventId, tenant, actor, sender, ...this.#times(draft.time) };
      for (const event of lines.eventsOf(stamped)) {
        const written = this.#write(record, event === stamped ? stamped : this.#protection.event(event));
        if (written === undefined) return;
        events.push(written);
      }
    }
    this.#accepted += 1;
    addDerivation(this.#derivation, lines.counts);
    for (const { sessionId, actor } of events) this.#deps.actors.assign(sessionId, actor);
    this.#messages.add(events);
  }

  /** The line of an event that is valid; undefined when it was rejected with its record. */
  #write(record: FlatRecord, event: AgentEvent): AcceptedEvent | undefined {
    const line = JSON.stringify(event);
    const issues = isAgentEvent(event) ? undefined : AgentEvent.safeParse(event).error?.issues;
    if (issues !== undefined) {
      const detail = issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
      this.#reject(record, 'invalid_event', detail, line);
      return undefined;
    }
    const bytes = Buffer.byteLength(line);
    if (bytes > EVENT_BYTES) {
      this.#reject(record, 'event_too_large', `${bytes} bytes, at most ${EVENT_BYTES} fit a message`, line);
      return undefined;
    }
    const { actor, sessionId, eventId } = event;
    return { actor, sessionId, eventId, line, lineBytes: bytes, isDerived: event.derivedFrom !== undefined };
  }

  /** A time in the future becomes the time of receipt, so that an agent cannot move the clock by which others are judged. */
  #times(claimed: number | undefined): { readonly time: number; readonly receivedAt: number } {
    const { receivedAt } = this.#request;
    if (receivedAt !== 'time of the record') return { time: Math.min(claimed ?? receivedAt, receivedAt), receivedAt };
    const time = claimed ?? this.#latestTime;
    this.#latestTime = Math.max(this.#latestTime, time);
    return { time, receivedAt: time };
  }

  #mappingOf({ resource, scope }: FlatRecord): Mapping | undefined {
    let byScope = this.#mappings.get(resource);
    if (byScope === undefined) {
      byScope = new Map<Scope, Mapping | undefined>();
      this.#mappings.set(resource, byScope);
    }
    if (!byScope.has(scope)) byScope.set(scope, this.#deps.mappingFor(resource, scope));
    return byScope.get(scope);
  }

  #reject(
    { signal }: Pick<FlatRecord, 'signal'>,
    reason: RejectReason,
    detail: string,
    whole: string | Uint8Array,
  ): void {
    count(this.#rejected, reason);
    const { receivedAt } = this.#times(undefined);
    this.#rejectedRecords.add({ signal, record: this.#seen - 1, reason, detail, whole, receivedAt });
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
