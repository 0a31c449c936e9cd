import { expect, it } from '@jest/globals';
import type { PipelineLedger } from '../schemas/api/pipeline.ts';
import type { PipelineAccount } from '../schemas/records/pipeline-account.ts';
import { judgeLedger, textOf } from './ledger-verdict.ts';

const NOW = 1_760_000_000_000;
const account = (counts: Partial<PipelineAccount> = {}): PipelineAccount => ({
  spool: '0123456789abcdef',
  collector: 'edge-1',
  tenant: 'lab',
  sender: 'laptops',
  signal: 'logs',
  time: NOW - 1_000,
  received: 10,
  accepted: 5,
  duplicate: 1,
  skipped: { internal: 3 },
  rejected: { missing_session: 1 },
  published: 4,
  waiting: 0,
  refused: { event_too_large: 1 },
  lost: {},
  events: 8,
  publishedEvents: 6,
  ...counts,
});
const stored = (events: number, more: object = {}): PipelineLedger['stored'] => ({
  bySender: [{ sender: 'laptops', events }],
  refused: 0,
  ...more,
});
const judge = (accounts: readonly PipelineAccount[], held?: PipelineLedger['stored']) =>
  judgeLedger({ accounts: [...accounts], ...(held === undefined ? {} : { stored: held }) }, NOW);

it('finds nothing when everything is accounted for', () => {
  expect(judge([account()], stored(6))).toEqual({ faults: [], notes: [], settled: true });
  expect(judge([account()], stored(5, { refused: 1 }))).toEqual({ faults: [], notes: [], settled: true });
  expect(judge([account()])).toEqual({ faults: [], notes: [], settled: true });
});

it.each<[string, Partial<PipelineAccount>, RegExp]>([
  ['received', { received: 11 }, /laptops logs: 1 records are not accounted for/],
  ['skipped', { skipped: {} }, /3 records are not accounted for/],
  ['published', { published: 3 }, /1 records are not accounted for/],
])('finds what is not accounted for: %s', (_, counts, fault) => {
  expect(judge([account(counts)]).faults).toEqual([expect.stringMatching(fault)]);
});

it('finds published events that are not stored, and that nothing was reported at all', () => {
  expect(judge([account()], stored(4)).faults).toEqual(['2 published events are not in the warehouse']);
  expect(judge([account()], stored(7))).toEqual({ faults: [], notes: [], settled: false });
  expect(judge([account({ time: NOW - 3_600_000 })], stored(7)).faults).toEqual([
    'the warehouse holds 1 events that no collector has reported',
  ]);
  expect(judge([]).faults).toEqual(['no collector has reported any record']);
});

it('knows that an event that arrives twice is stored once', () => {
  const both = [account({ publishedDerivedEvents: 2 }), account({ sender: 'runners', publishedDerivedEvents: 2 })];
  const held = (events: number, repeats: object) =>
    stored(events, { bySender: [{ sender: 'laptops', events, derived: 2 }], repeats });
  expect(judge(both, held(9, { events: 3, derived: 2 }))).toEqual({ faults: [], notes: [], settled: true });
  expect(judge(both, held(9, { events: 2, derived: 2 })).faults).toEqual([
    '1 published events are not in the warehouse',
  ]);
  expect(judge(both, held(9, { events: 3, derived: 1 })).faults).toEqual([
    '1 published events that are derived from command lines are not in the warehouse',
  ]);
  const ledger: PipelineLedger = { accounts: both, stored: held(9, { events: 3, derived: 2 }) };
  expect(textOf(ledger, judgeLedger(ledger, NOW))).toMatch(
    /^12 events published, 9 stored, 0 refused by the warehouse\n3 of the published events had arrived before, /m,
  );
});

it('compares derived events too, if they are counted', () => {
  const counted = account({ derivedEvents: 3, publishedDerivedEvents: 2 });
  const held = (derived?: number, refused = 0) =>
    stored(6, { bySender: [{ sender: 'laptops', events: 6, ...(derived === undefined ? {} : { derived }) }], refused });
  expect(judge([counted], held(2)).faults).toEqual([]);
  expect(judge([counted], held(1)).faults).toEqual([
    '1 published events that are derived from command lines are not in the warehouse',
  ]);
  // The warehouse may have refused one of them; surplus ones may be older than the counting; an older audit API reports
  // nothing.
  for (const fine of [held(1, 1), held(5), held()]) expect(judge([counted], fine).faults).toEqual([]);
  expect(judge([account()], held(2)).faults).toEqual([]);
  const ledger: PipelineLedger = { accounts: [counted], stored: held(2) };
  expect(textOf(ledger, judgeLedger(ledger, NOW))).toMatch(
    /^of them derived from command lines: 2 published, 2 stored$/m,
  );
});

it('cannot compare data that was removed on purpose, and says so', () => {
  expect(judge([], stored(0, { removedAt: NOW }))).toMatchObject({ faults: [], settled: true });
  for (const why of [{ removedAt: NOW }, { retentionDays: 30 }])
    expect(judge([account()], stored(0, why))).toMatchObject({
      faults: [],
      notes: [expect.stringMatching(/cannot be compared/)],
    });
});

it('reports what is lost, and a spool that has stopped reporting with records in it', () => {
  const lost = account({ published: 3, lost: { spool_broken: 1 } });
  expect(judge([lost])).toMatchObject({
    faults: [],
    notes: [expect.stringMatching(/1 records are lost \(1 spool_broken\)/)],
    settled: true,
  });
  const silent = account({ published: 3, waiting: 1, time: NOW - 3_600_000 });
  expect(judge([silent])).toMatchObject({
    faults: [],
    notes: [expect.stringMatching(/1 records wait in a spool that has not reported since/)],
    settled: true,
  });
  expect(judge([account({ published: 3, waiting: 1 })])).toEqual({ faults: [], notes: [], settled: false });
});

it('is readable', () => {
  const ledger: PipelineLedger = { accounts: [account()], stored: stored(4) };
  expect(textOf(ledger, judgeLedger(ledger, NOW))).toBe(
    `edge-1 (spool 0123456789abcdef) laptops logs: 10 received = 4 published + 0 waiting + 3 skipped + 2 rejected + 1 duplicate + 0 lost
6 events published, 4 stored, 0 refused by the warehouse
FAULT: 2 published events are not in the warehouse
The ledger does not add up.`,
  );
});
