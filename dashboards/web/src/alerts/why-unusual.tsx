/** Shows why an alert was raised: observed and expected values, the picture of the baseline, what contributed. */
import { Suspense, lazy } from 'react';
import type { Alert } from '../../../../schemas/records/alert.ts';
import { unitOf } from '../format/quantity.ts';
import { Fact } from '../controls/fact.tsx';
import { Time } from '../frame/preferences.tsx';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { basisOf, partsOf, pastNote, pictureOf, formatExplanation } from './explain.ts';

const BandPlot = lazy(() => import('./band-plot.tsx'));

export function WhyUnusual({ alert }: { readonly alert: Alert }) {
  const { explanation } = alert;
  const reading = formatExplanation(alert);
  const picture = pictureOf(explanation);
  const isNumber = typeof explanation.observed === 'number';
  const isRule = explanation.level === 'rule';
  return (
    <>
      <p>
        <Untrusted text={explanation.expectation} limit={800} />
      </p>
      {picture !== undefined && (
        <figure className="picture">
          <Suspense fallback={<div className="plot-space" />}>
            <BandPlot picture={picture} unit={unitOf(explanation.feature)} severity={alert.severity} />
          </Suspense>
          <figcaption>
            <Untrusted text={explanation.feature} mono limit={120} fixed /> per {reading.window}:{' '}
            {pastNote(picture, explanation)}, the expected band, and what was observed.
          </figcaption>
        </figure>
      )}
      <dl className="facts">
        {!(isRule && !isNumber && explanation.contributions !== undefined) && (
          <Fact name={isRule ? 'Found' : 'Observed'}>
            <strong className="observed">
              <Untrusted text={reading.observed} limit={400} mono={!isNumber} />
            </strong>
            {reading.factor !== undefined && <div className="under">{reading.factor}</div>}
          </Fact>
        )}
        {reading.expected !== undefined && (
          <Fact name="Expected">
            {reading.expected}
            {reading.median !== undefined && <div className="under">median {reading.median}</div>}
          </Fact>
        )}
        {reading.rarity !== undefined && (
          <Fact name="How rare">
            {reading.rarity}
            <div className="under">windows is this extreme</div>
          </Fact>
        )}
        <Fact name="Feature">
          <Untrusted text={explanation.feature} mono limit={120} />
        </Fact>
        {explanation.window.to > explanation.window.from ? (
          <Fact name="Window">
            {reading.window}
            <div className="under">
              from <Time at={explanation.window.from} as="instant" />
            </div>
          </Fact>
        ) : (
          <Fact name="At">
            <Time at={explanation.window.from} as="instant" />
          </Fact>
        )}
        <Fact name="Based on">{basisOf(alert)}</Fact>
      </dl>
      {explanation.contributions !== undefined && explanation.contributions.length > 0 && (
        <Contributions alert={alert} contributions={explanation.contributions} />
      )}
    </>
  );
}

interface ContributionsProps {
  readonly alert: Alert;
  readonly contributions: NonNullable<Alert['explanation']['contributions']>;
}

function Contributions({ alert, contributions }: ContributionsProps) {
  const isRule = alert.explanation.level === 'rule';
  return (
    <div className="contributions">
      <h4>
        {isRule
          ? 'What matched'
          : alert.explanation.expected === undefined
            ? 'Compared with'
            : 'How far from the usual'}
      </h4>
      <table>
        <tbody>
          {partsOf(contributions).map(({ name, value, mono }, index) => (
            <tr key={index}>
              <th scope="row">
                <Untrusted text={name} mono={mono} limit={80} />
              </th>
              <td>
                {isRule ? (
                  <mark>
                    <Untrusted text={value} mono={mono} limit={300} />
                  </mark>
                ) : (
                  <Untrusted text={value} mono={mono} limit={300} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
