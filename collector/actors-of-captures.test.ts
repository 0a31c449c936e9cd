/** One session has one actor, whichever of its signals arrives first: every captured request through the real collector. */
import { describe, expect, it } from '@jest/globals';
import { type CapturedRequest, capturedRequests, post } from '../test/support/telemetry/captures.ts';
import { startTestCollector } from '../test/support/collector.ts';

const captured = [...capturedRequests('codex'), ...capturedRequests('claude-code')];
const only = (...signals: readonly CapturedRequest['signal'][]): readonly CapturedRequest[] =>
  signals.flatMap((signal) => captured.filter((request) => request.signal === signal));

const ORDERS = {
  'as they were sent': captured,
  'logs first': only('logs', 'traces', 'metrics'),
  'traces first': only('traces', 'metrics', 'logs'),
  'metrics first': only('metrics', 'traces', 'logs'),
  'last first': captured.toReversed(),
};

/** Session to its actors, of all events that these requests became. */
async function actorsOf(requests: readonly CapturedRequest[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const collector = await startTestCollector();
  try {
    for (const request of requests) expect((await post(collector.otlp, request)).status).toBe(200);
    const actors = new Map<string, Set<string>>();
    for (const { sessionId, actor } of await collector.events())
      actors.set(sessionId, (actors.get(sessionId) ?? new Set()).add(actor));
    return new Map([...actors].sort().map(([sessionId, names]) => [sessionId, [...names]]));
  } finally {
    await collector.stop();
  }
}

describe('signals of a session that are sent apart', () => {
  it('belong to one actor, and to the same in every order', async () => {
    const asSent = await actorsOf(ORDERS['as they were sent']);
    expect(asSent.size).toBeGreaterThan(30);
    for (const [sessionId, actors] of asSent) expect([sessionId, actors.length]).toEqual([sessionId, 1]);
    // Codex names a host at least, Claude Code its installation.
    expect([...asSent.values()].flat().filter((actor) => actor.endsWith('/sender'))).toEqual([]);
    for (const [order, requests] of Object.entries(ORDERS)) {
      expect([order, await actorsOf(requests)]).toEqual([order, asSent]);
    }
  }, 120_000);
});
