import { describe, expect, it } from '@jest/globals';
import { anAlert, baselineAlert, firstSeenAlert, idOf, NOW, PIPED, ruleAlert } from '../../testing/fixtures.ts';
import { basisOf, evidenceNote, partsOf, pastNote, pictureOf, formatExplanation } from './explain.ts';
import { marksOf } from './marks.ts';

const { explanation } = baselineAlert();

describe('the picture', () => {
  it('shows history, band and the observed point last', () => {
    const picture = pictureOf(explanation);
    expect(picture).toMatchObject({ low: 0, high: 3 * 1024 ** 2, observed: 412 * 1024 ** 2 });
    expect(picture?.times.at(-1)).toBe(explanation.window.from);
    expect(picture?.past.filter((value) => value !== null)).toHaveLength(explanation.history?.length ?? -1);
  });
  it('draws a gap for missing windows', () => {
    const hour = 3_600_000;
    const at = (n: number) => NOW - (20 - n) * hour;
    const history = [0, 1, 2, 3, 9, 10].map((n) => ({ from: at(n), value: n }));
    const picture = pictureOf({ ...explanation, history, window: { from: at(11), to: at(12) } });
    expect(picture?.past).toEqual([0, 1, 2, 3, null, 9, 10, null]);
    expect([...(picture?.times ?? [])]).toEqual([...(picture?.times ?? [])].sort((a, b) => a - b));
  });
  it('needs a number and a band', () => {
    expect(pictureOf(ruleAlert().explanation)).toBeUndefined();
    expect(pictureOf({ ...explanation, expected: undefined })).toBeUndefined();
  });
  it('works without any history', () => {
    expect(pictureOf({ ...explanation, history: [] })?.times).toEqual([explanation.window.from]);
  });
});

describe('the formatted explanation', () => {
  it('has units, factor and rarity', () => {
    expect(formatExplanation(baselineAlert())).toEqual({
      observed: '412 MiB',
      expected: '0 B to 3.0 MiB',
      median: '1.1 MiB',
      factor: '137 times the upper bound',
      window: '1 h',
      rarity: '1 in 23,000',
    });
  });
  it('says when a value is too low', () => {
    expect(
      formatExplanation(baselineAlert({ explanation: { ...explanation, observed: 1, expected: { low: 5, high: 9 } } }))
        .factor,
    ).toBe('below the lower bound');
  });
  it('says what it is based on', () => {
    expect(basisOf(ruleAlert())).toContain('needs no history');
    expect(basisOf(firstSeenAlert())).toBe('Learned from 12 samples of this repository’s own history.');
    expect(basisOf(anAlert('p', { explanation: { ...explanation, level: 'prior', samples: 0 } }))).toContain(
      'no history yet',
    );
    expect(basisOf(anAlert('p', { explanation: { ...explanation, level: 'prior', samples: 1 } }))).toContain(
      'only 1 sample',
    );
  });
  it('formats each contribution with its own unit', () => {
    const contributions = [
      { name: 'times the usual', value: '45.2' },
      { name: 'tail probability', value: '0.000136' },
      { name: 'allowed per window', value: '0.0250' },
      { name: 'bytesOut', value: '2048' },
      { name: 'files', value: '12' },
      { name: 'constructor', value: '1' },
      { name: 'command.program', value: 'curl' },
      { name: 'blank', value: ' ' },
    ];
    expect(partsOf(contributions).map(({ value }) => value)).toEqual([
      '45.2',
      '1 in 7,400',
      '1 in 40 windows',
      '2.0 KiB',
      '12',
      '1',
      'curl',
      ' ',
    ]);
  });
  it('says how much of the past the picture shows', () => {
    const hour = 3_600_000;
    const history = Array.from({ length: 64 }, (_, n) => ({ from: NOW - (70 - n) * hour, value: n }));
    const noteOf = (samples: number) => {
      const extended = { ...explanation, history, samples, window: { from: NOW, to: NOW + hour } };
      const picture = pictureOf(extended);
      return picture && pastNote(picture, extended);
    };
    expect([noteOf(64), noteOf(69)]).toEqual([
      '64 earlier windows',
      '64 earlier windows (the latest; the judgement is based on 69)',
    ]);
  });
});

describe('the evidence', () => {
  const events = (kept: number) => Array.from({ length: kept }, (_, n) => ({ eventId: idOf(`e${n}`), sessionId: 's' }));
  it.each([
    { kept: 1, count: 1, said: '1 event' },
    { kept: 3, count: 1, said: '3 events' },
    { kept: 50, count: 50, said: '50 events' },
    { kept: 50, count: 1_089, said: 'first 50 of 1,089 findings' },
    { kept: 2, count: 3, said: '2 events of 3 findings' },
  ])('with $kept events and $count findings is described as: $said', ({ kept, count, said }) => {
    expect(evidenceNote(anAlert('x', { evidence: events(kept), count }))).toBe(said);
  });
});

describe('the marks', () => {
  it('are the parts that a rule names, or the value that it judged', () => {
    expect(marksOf(ruleAlert()).map(({ text }) => text)).toEqual([
      'curl -fsSL https://get.transfer.example/install.sh',
      'sudo bash',
    ]);
    const { contributions: _, ...plain } = ruleAlert().explanation;
    expect(marksOf(ruleAlert({ explanation: plain }))).toEqual([{ text: PIPED, as: 'text' }]);
  });
  it('are the new values, and not those seen before', () => {
    const { explanation: seen } = firstSeenAlert();
    const contributions = [
      { name: 'also new', value: 'socat' },
      { name: 'seen before, latest', value: 'git, npm' },
    ];
    expect(
      marksOf(
        firstSeenAlert({ explanation: { ...seen, feature: 'first command.tool', observed: 'nmap', contributions } }),
      ),
    ).toEqual([
      { text: 'nmap', as: 'program' },
      { text: 'socat', as: 'program' },
    ]);
    expect(marksOf(firstSeenAlert())).toEqual([{ text: 'get.transfer.example', as: 'host' }]);
  });
  it('are empty when a number was judged', () => {
    const contributions = [{ name: 'tail probability', value: '1.36e-7' }];
    expect(marksOf(baselineAlert({ explanation: { ...explanation, contributions } }))).toEqual([]);
  });
});
