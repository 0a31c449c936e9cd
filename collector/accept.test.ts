/** What is turned away is told with its place, and with its id in the quarantine where there is room for it; intake goes on either way. */
import { afterEach, expect, it } from '@jest/globals';
import { Reject } from '../schemas/records/reject.ts';
import { TOPICS } from '../schemas/topics.ts';
import { type TestCollector, startTestCollector } from '../test/support/collector.ts';
import { until } from '../test/support/until.ts';

let collector: TestCollector | undefined;
afterEach(async () => {
  await collector?.stop();
  collector = undefined;
});

const good =
  '{"attributes":[{"key":"event.name","value":{"stringValue":"api_request"}},{"key":"session.id","value":{"stringValue":"one"}}]}';
const request = `{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"com.anthropic.claude_code.events"},"logRecords":[${good},5,"x"]}]}]}`;

async function post({ otlp }: TestCollector, body: string): Promise<readonly [status: number, text: string]> {
  const answer = await fetch(`${otlp}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return [answer.status, await answer.text()];
}
async function rejectsOf({ published }: TestCollector, count: number): Promise<readonly Reject[]> {
  const rejects = () => published.filter(({ topic }) => topic === TOPICS.rejects);
  await until('the rejects are published', () => rejects().length === count);
  return rejects().map(({ value }) => Reject.parse(JSON.parse(Buffer.from(value).toString())));
}

it('names the record and where its bytes are, and tells of a request that is no OTLP too', async () => {
  collector = await startTestCollector();
  expect(await post(collector, request)).toEqual([200, expect.stringContaining('2 malformed_record')]);
  expect((await post(collector, '{"resourceLogs":'))[0]).toBe(400);
  const [first, second, third] = await rejectsOf(collector, 3);
  const id = first?.quarantineId?.slice(0, 32) ?? '';
  expect([first, second].map((reject) => [reject?.record, reject?.quarantineId])).toEqual([
    [1, `${id}.1`],
    [2, `${id}.2`],
  ]);
  expect(third).toMatchObject({
    reason: 'malformed_request',
    body: '{"resourceLogs":',
    quarantineId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(third?.record).toBeUndefined();
  expect(await collector.metrics()).toMatch(/^collector_quarantine_kept_total 2$/m);
  // A request that is no OTLP has no records that could be counted.
  expect([await collector.recordsThatAre('received'), await collector.recordsThatAre('rejected')]).toEqual([3, 2]);
});

it('counts what the quarantine has no room for, and turns it away with its reason all the same', async () => {
  collector = await startTestCollector(false, { VIGIL_QUARANTINE_BYTES: '1' });
  for (const times of [1, 2]) {
    expect(await post(collector, request)).toEqual([200, expect.stringContaining('2 malformed_record')]);
    expect(await collector.metrics()).toMatch(
      new RegExp(`^collector_quarantine_failed_total\\{reason="too_large"\\} ${times}$`, 'm'),
    );
  }
  for (const reject of await rejectsOf(collector, 4)) {
    expect(reject).toMatchObject({ reason: 'malformed_record', sizeBytes: expect.any(Number) });
    expect(reject.quarantineId).toBeUndefined();
  }
  expect([await collector.recordsThatAre('received'), await collector.recordsThatAre('rejected')]).toEqual([6, 4]);
});
