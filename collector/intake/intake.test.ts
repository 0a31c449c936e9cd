import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { AgentEvent } from '../../schemas/records/agent-event.ts';
import { Reject } from '../../schemas/records/reject.ts';
import { EVENT_BYTES, MESSAGE_BYTES } from '../../schemas/topics.ts';
import { hash128, sha256 } from '../../platform/hash.ts';
import { type IntakeDeps, type IntakeRequest, acceptRequest } from './intake.ts';
import type { EventDraft, Mapped, Mapping } from '../../agents/mapping/mapping.ts';
import type { LogRecord, Resource, Scope } from '../../schemas/otlp/record.ts';
import { createSessionActors } from './session-actors.ts';

const resource: Resource = { attributes: [], bytes: new TextEncoder().encode('resource') };
const scope: Scope = { name: 'lab', version: '' };
const record = (text: string): LogRecord => ({
  signal: 'log',
  resource,
  scope,
  name: '',
  bytes: new TextEncoder().encode(text),
  peek: () => undefined,
  attributes: [],
  timeUnixNano: undefined,
  observedTimeUnixNano: undefined,
  severityNumber: 9,
  body: null,
  traceId: undefined,
  spanId: undefined,
});
const draft = (fields: Partial<EventDraft> = {}): EventDraft => ({
  agentName: 'lab',
  sessionId: 'one',
  time: 1_000,
  category: 'command',
  action: 'run',
  outcome: 'success',
  commandLine: 'sudo ls -la /srv',
  signal: 'log',
  mapping: 'lab@1',
  attributes: {},
  ...fields,
});

/** A request whose records are these texts, mapped by `map`. */
function take(
  texts: readonly string[],
  map: (text: string) => Mapped,
  request: Partial<IntakeRequest> = {},
  deps: Partial<IntakeDeps> = {},
) {
  const mapping: Mapping = {
    id: 'lab@1',
    matches: () => true,
    map: ({ bytes }) => map(new TextDecoder().decode(bytes)),
  };
  return acceptRequest(
    {
      read: (_signal, _body, onRecord) => {
        for (const text of texts) onRecord(record(text));
        return texts.length;
      },
      mappingFor: () => mapping,
      hash128: (...parts) => {
        const hash = createHash('sha256');
        for (const part of parts) hash.update(part);
        return hash.digest('hex').slice(0, 32);
      },
      sha256,
      actors: createSessionActors('s', hash128),
      isKnown: () => false,
      ...deps,
    },
    { tenant: 't', sender: 's', signal: 'logs', body: new Uint8Array(), receivedAt: 5_000, ...request },
  );
}
const events = (...drafts: EventDraft[]): Mapped => ({ kind: 'events', events: drafts, identity: { user: 'u' } });
const linesOf = (result: ReturnType<typeof take>): AgentEvent[] =>
  result.messages.flatMap(({ lines }) => lines.split('\n').map((line) => AgentEvent.parse(JSON.parse(line))));

describe('acceptRequest', () => {
  it('stamps what a payload may not claim and fills the program', () => {
    const [event] = linesOf(take(['a'], () => events(draft())));
    expect(event).toMatchObject({
      tenant: 't',
      sender: 's',
      actor: 's/user:u',
      time: 1_000,
      receivedAt: 5_000,
      program: 'ls',
      arguments: ['-la', '/srv'],
    });
  });

  it('rejects records of an agent that the credential is not for, whole and with a reason', () => {
    const mixed = events(draft({ agentName: 'codex' }), draft({ agentName: 'codex' }), draft());
    const result = take(
      ['codex', 'lab', 'mixed'],
      (text) => (text === 'mixed' ? mixed : events(draft({ agentName: text }))),
      {
        agents: ['codex', 'opencode'],
      },
    );
    expect(result).toMatchObject({ records: 3, accepted: 1 });
    expect([...result.rejected]).toEqual([['agent_not_allowed', 2]]);
    expect(linesOf(result).map(({ agentName }) => agentName)).toEqual(['codex']);
    for (const reject of result.rejects)
      expect(Reject.parse(reject)).toMatchObject({
        sender: 's',
        reason: 'agent_not_allowed',
        detail: 'lab: s may send for codex, opencode',
      });
    expect(result.rejects.map(({ body }) => body)).toEqual(['lab', 'mixed']);
  });

  it('adds implied events after the command of the record, and counts them separately', () => {
    const line = 'curl https://h.example > a';
    const result = take(['a', 'b'], (text) => events(draft({ commandLine: text === 'a' ? line : 'ls' }), draft()));
    const lines = linesOf(result);
    expect(lines.map(({ category }) => category)).toEqual([
      'command',
      'network',
      'file',
      'command',
      'command',
      'command',
    ]);
    expect(lines.map(({ derivedFrom }) => derivedFrom)).toEqual([
      undefined,
      lines[0]?.eventId,
      lines[0]?.eventId,
      undefined,
      undefined,
      undefined,
    ]);
    expect(result).toMatchObject({
      records: 2,
      accepted: 2,
      derivation: {
        events: new Map([
          ['network', 1],
          ['file', 1],
        ]),
        leftOut: 0,
      },
    });
    expect(result.messages).toMatchObject([{ events: 6, records: 2, recordEnds: [3, 5] }]);
    // A rejected record implies nothing.
    const rejected = take(['a'], () => events(draft({ commandLine: line }), draft({ exitCode: 2 ** 40 })));
    expect([rejected.accepted, rejected.messages, rejected.derivation.events.size]).toEqual([0, [], 0]);
  });

  it('limits a future time to the time of receipt, and uses that time if there is none', () => {
    const { time: _time, ...timeless } = draft();
    expect(
      linesOf(take(['a', 'b'], (text) => events(text === 'a' ? draft({ time: 9_000 }) : timeless))).map(
        ({ time }) => time,
      ),
    ).toEqual([5_000, 5_000]);
  });

  it('gives a repeated export the same ids, and equal records of one request different ones', () => {
    const ids = (request: Partial<IntakeRequest> = {}): string[] =>
      linesOf(take(['a', 'b', 'a'], () => events(draft(), draft()), request)).map(({ eventId }) => eventId);
    expect(new Set(ids()).size).toBe(6);
    expect(ids({ receivedAt: 6_000, sender: 'other' })).toEqual(ids());
    expect(ids({ tenant: 'other' })).not.toEqual(ids());
  });

  it('accounts for every record', () => {
    const result = take(
      ['event', 'skip', 'reject', 'bad', 'known'],
      (text) =>
        text === 'skip'
          ? { kind: 'skip', reason: 'internal' }
          : text === 'reject'
            ? { kind: 'reject', reason: 'missing_session', detail: 'no conversation.id' }
            : events(draft(text === 'bad' ? { exitCode: 2 ** 40 } : { sessionId: text })),
      {},
      {
        isKnown: (() => {
          let calls = 0;
          return () => (calls += 1) === 3;
        })(),
      },
    );
    expect(result).toMatchObject({ records: 5, accepted: 1, duplicate: 1 });
    expect([...result.skipped]).toEqual([['internal', 1]]);
    expect([...result.rejected]).toEqual([
      ['missing_session', 1],
      ['invalid_event', 1],
    ]);
    for (const reject of result.rejects) Reject.parse(reject);
    expect(result.rejects.map(({ detail }) => detail)).toEqual([
      'no conversation.id',
      expect.stringContaining('exitCode'),
    ]);
    expect(result.rejects[0]?.body).toBe('reject');
  });

  it('makes one message per actor, each record counted once, and says which lines end one', () => {
    const result = take(['a', 'b', 'c'], (text) => ({
      kind: 'events',
      events: [draft({ sessionId: text }), draft({ sessionId: text })],
      identity: { user: text === 'b' ? 'two' : 'one' },
    }));
    expect(
      result.messages.map(({ actor, events: n, records, recordEnds }) => ({ actor, n, records, recordEnds })),
    ).toEqual([
      { actor: 's/user:one', n: 4, records: 2, recordEnds: [1, 3] },
      { actor: 's/user:two', n: 2, records: 1, recordEnds: [1] },
    ]);
  });

  it('keeps the events of a record in one message where they fit', () => {
    const long = (): EventDraft => draft({ commandLine: `echo ${'x'.repeat(30_000)}` });
    const { messages } = take(['a', 'b', 'c'], () => events(long(), long(), long()));
    expect(messages.map(({ events: n, records }) => ({ n, records }))).toEqual(
      Array.from({ length: 3 }, () => ({ n: 3, records: 1 })),
    );
    expect(messages.every(({ lines }) => Buffer.byteLength(lines) <= 262_144)).toBe(true);
  });

  it('assigns a session by accepted events alone', () => {
    const actors = createSessionActors('s', hash128);
    const identified = (user: string, event: EventDraft): Mapped => ({
      kind: 'events',
      events: [event],
      identity: { user },
    });
    const { accepted, rejected } = take(
      ['invalid', 'too large', 'good', 'late'],
      (text) => {
        if (text === 'invalid') return identified('mallory', draft({ exitCode: 1.5 }));
        if (text === 'too large') return identified('mallory', draft({ commandLine: 'x'.repeat(EVENT_BYTES) }));
        return identified(text === 'good' ? 'alice' : 'bob', draft());
      },
      {},
      { actors },
    );
    expect({ accepted, rejected: [...rejected.keys()] }).toEqual({
      accepted: 2,
      rejected: ['invalid_event', 'event_too_large'],
    });
    expect(actors.actorOf(draft().sessionId, { user: 'carol' })).toBe('s/user:alice');
  });

  it('cuts an actor’s events into messages of at most 256 KiB', () => {
    const result = take(
      Array.from({ length: 40 }, (_, n) => `r${n}`),
      () => events(draft({ commandLine: `echo ${'x'.repeat(20_000)}` })),
    );
    expect(result.messages.length).toBeGreaterThan(2);
    for (const { lines } of result.messages) expect(Buffer.byteLength(lines)).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(result.messages.reduce((sum, { records }) => sum + records, 0)).toBe(40);
  });

  it('sends a single event that no message can hold to the rejects, its beginning in pieces', () => {
    const result = take(['a'], () => events(draft({ commandLine: `echo ${'x'.repeat(EVENT_BYTES)}` })));
    expect([...result.rejected]).toEqual([['event_too_large', 1]]);
    const text = result.rejects.map(({ body }) => body).join('');
    expect(result.rejects.map(({ part, parts }) => [part, parts])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    expect(text).toMatch(/^\{"agentName":"lab".*x\n\[LEFT OUT: \d+ of \d+ bytes\]$/s);
  });

  it('keeps no secret in what it rejects, and cuts no character in two', () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    const text = `git clone https://x:${secret}@host.example ${'y'.repeat(8_001)}${'😀'.repeat(14_000)}`;
    const { rejects } = take([text], () => ({ kind: 'reject', reason: 'missing_session', detail: `at ${secret}` }));
    const body = rejects.map((reject) => Reject.parse(reject).body).join('');
    expect(rejects).toHaveLength(2);
    expect(body).toBe(text.replace(secret, '[REDACTED:github-token]'));
    expect(rejects[0]).toMatchObject({ detail: 'at [REDACTED:github-token]', sha256: sha256(text) });
  });

  it('takes only the records that are asked for, with the ids that they have among all', () => {
    const texts = ['a', 'b', 'a', 'c', 'a'];
    const map = (text: string): Mapped =>
      text === 'b' ? { kind: 'reject', reason: 'missing_session', detail: '' } : events(draft());
    const all = take(texts, map);
    expect(all.rejectedRanges).toEqual({ ranges: [[1, 1, 'missing_session']], more: 0 });
    expect(all.rejects.map(({ record }) => record)).toEqual([1]);
    const idsOf = (result: typeof all): string[] => linesOf(result).map(({ eventId }) => eventId);
    for (const [asked, wanted] of [
      [[2], [1]],
      [
        [4, 3],
        [2, 3],
      ],
      [[1], []],
    ] as const) {
      const some = take(texts, map, { only: (record) => (asked as readonly number[]).includes(record) });
      expect(some.records).toBe(asked.length);
      expect(idsOf(some)).toEqual(wanted.map((n) => idsOf(all)[n]));
    }
  });

  it('counts records that no mapping knows', () => {
    expect([...take(['a'], () => events(draft()), {}, { mappingFor: () => undefined }).skipped]).toEqual([
      ['unknown_source', 1],
    ]);
  });

  it('uses the record’s own time in a backtest, or the latest earlier one if there is none', () => {
    const { time: _time, ...timeless } = draft();
    const result = take(['a', 'b'], (text) => events(text === 'a' ? draft({ time: 9_000 }) : timeless), {
      receivedAt: 'time of the record',
    });
    expect(linesOf(result).map(({ time, receivedAt }) => [time, receivedAt])).toEqual([
      [9_000, 9_000],
      [9_000, 9_000],
    ]);
  });
});
