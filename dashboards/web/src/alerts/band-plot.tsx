/**
 * Draws the history of a baseline with its expected band and the unusual point on a canvas. It is a chunk of its own.
 */
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Severity } from '../../../../schemas/records/alert.ts';
import { formatInstant, formatClock, formatDay, UTC, type Zone } from '../format/time.ts';
import { formatUnit, type Unit } from '../format/quantity.ts';
import { useZone } from '../frame/preferences.tsx';
import type { Picture } from './explain.ts';

export interface BandPlotProps {
  readonly picture: Picture;
  readonly unit: Unit;
  readonly severity: Severity;
}

const HEIGHT_PX = 184;
/** If the observed value is this much larger than the band, a linear axis cannot show the normal range. */
const DWARFED = 12;

interface Colours {
  readonly axis: string;
  readonly grid: string;
  readonly band: string;
  readonly edge: string;
  readonly past: string;
  readonly observed: string;
  readonly font: string;
}

function coloursOf(element: Element, severity: Severity): Colours {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    axis: token('--ink-faint'),
    grid: token('--line'),
    band: token('--band'),
    edge: token('--band-edge'),
    past: token('--ink-soft'),
    observed: token(`--sev-${severity}`),
    font: `11px ${style.fontFamily}`,
  };
}

export default function BandPlot({ picture, unit, severity }: BandPlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const { zone } = useZone();
  const [readout, setReadout] = useState<string>();
  const dwarfed = picture.observed > picture.high * DWARFED && picture.observed > 0;
  const [compressed, setCompressed] = useState(dwarfed);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(
        optionsOf(picture, unit, zone, compressed, coloursOf(element, severity), element.clientWidth, setReadout),
        dataOf(picture),
        element,
      );
    };
    draw();
    const sized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    sized.observe(element);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      sized.disconnect();
      scheme.removeEventListener('change', draw);
      plot?.destroy();
    };
  }, [picture, unit, severity, zone, compressed]);

  const sentence = `Observed ${formatUnit(picture.observed, unit)}; expected ${formatUnit(picture.low, unit)} to ${formatUnit(picture.high, unit)}.`;
  return (
    <>
      <div className="plot-space" ref={host} role="img" aria-label={sentence} />
      <div className="plot-foot">
        <span className="legend">
          <span className="key past" /> earlier windows <span className="key band" /> expected{' '}
          <span className={`key observed sev-${severity}`} /> observed
        </span>
        <span className="readout faint">{readout}</span>
        {dwarfed && (
          <button
            type="button"
            className="button small"
            aria-pressed={compressed}
            onClick={() => setCompressed(!compressed)}
          >
            log scale
          </button>
        )}
      </div>
    </>
  );
}

/** Series: past values, low and high edge, median, the observed point. The x axis is in seconds. */
function dataOf({ times, past, low, high, median, observedAt, observed }: Picture): uPlot.AlignedData {
  const flat = (value: number) => times.map(() => value);
  return [
    times.map((time) => time / 1000),
    [...past],
    flat(low),
    flat(high),
    median === undefined ? times.map(() => null) : flat(median),
    times.map((time) => (time === observedAt ? observed : null)),
  ];
}

function optionsOf(
  picture: Picture,
  unit: Unit,
  zone: Zone,
  compressed: boolean,
  colours: Colours,
  width: number,
  onRead: (text: string | undefined) => void,
): uPlot.Options {
  const axis = { stroke: colours.axis, font: colours.font, ticks: { show: false } };
  const line = (stroke: string, dash?: number[]): uPlot.Series => ({
    stroke,
    width: 1,
    points: { show: false },
    ...(dash !== undefined && { dash }),
  });
  const values = [picture.low, picture.high, picture.observed, ...picture.past.filter((value) => value !== null)];
  const lowest = Math.min(0, ...values);
  const highest = Math.max(...values);
  const span = highest - lowest || 1;
  return {
    width,
    height: HEIGHT_PX,
    padding: [12, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone === UTC ? 'Etc/UTC' : zone),
    scales: {
      x: { time: true, range: (_, min, max) => [min - (max - min) * 0.02 - 1, max + (max - min) * 0.04 + 1] },
      y: {
        range: () => [lowest, highest + span * 0.08],
        // asinh is linear near zero and logarithmic far from it, so that zero can be drawn.
        ...(compressed && asinhScale(Math.max(picture.high / 4, Number.MIN_VALUE))),
      },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 32, space: 88, values: (_, splits) => timeLabels(splits, zone) },
      {
        ...axis,
        grid: { stroke: colours.grid, width: 1 },
        size: 64,
        splits: () => ticksOf(lowest, highest, unit, compressed ? picture.high : undefined),
        // uPlot drops some ticks of a logarithmic axis by itself, but there are only a few here.
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((value) => formatUnit(value, unit)),
      },
    ],
    bands: [{ series: [3, 2], fill: colours.band }],
    series: [
      {},
      {
        stroke: colours.past,
        width: 1.5,
        spanGaps: false,
        points: { show: true, size: 4, fill: colours.past, width: 0 },
      },
      line(colours.edge),
      line(colours.edge),
      line(colours.edge, [4, 4]),
      {
        stroke: colours.observed,
        width: 0,
        points: { show: true, size: 11, fill: colours.observed, stroke: colours.observed },
      },
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const { idx } = plot.cursor;
          const time = idx == null ? undefined : picture.times[idx];
          if (idx == null || time === undefined) {
            onRead(undefined);
            return;
          }
          const value = time === picture.observedAt ? picture.observed : picture.past[idx];
          onRead(
            value == null
              ? 'no window here'
              : `${formatUnit(value, unit)} at ${formatInstant(time, zone).slice(0, 16)}`,
          );
        },
      ],
    },
  };
}

/**
 * uPlot declares its distributions as a const enum, which modules that are compiled one by one cannot read: 4 is the
 * inverse hyperbolic sine.
 */
const asinhScale = (asinh: number): Pick<uPlot.Scale, 'distr' | 'asinh'> => ({
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum has no value at run time
  distr: 4,
  asinh,
});

/** Labels days on a long axis, and clock times on a short one. */
function timeLabels(splits: readonly number[], zone: Zone): string[] {
  const step = ((splits[1] ?? 0) - (splits[0] ?? 0)) * 1000;
  let lastDay = '';
  return splits.map((seconds) => {
    const at = seconds * 1000;
    const day = formatDay(at, zone).slice(5);
    const label =
      step >= 86_400_000
        ? day
        : day === lastDay
          ? formatClock(at, zone, 'minute')
          : `${day} ${formatClock(at, zone, 'minute')}`;
    lastDay = day;
    return label;
  });
}

/** Returns round numbers in the unit's own system; on the compressed axis, powers from the band upwards. */
function ticksOf(lowest: number, highest: number, unit: Unit, compressedAbove: number | undefined): number[] {
  if (compressedAbove !== undefined) {
    const base = unit === 'bytes' ? 16 : 10;
    const ticks = [0];
    const first = base ** Math.round(Math.log(Math.max(compressedAbove / 2, 1e-9)) / Math.log(base));
    for (let tick = first; tick <= highest * 1.05 && ticks.length < 12; tick *= base) ticks.push(tick);
    const keep = Math.ceil(ticks.length / 5);
    return ticks.filter((_, index) => index % keep === 0);
  }
  const raw = (highest - lowest) / 4 || 1;
  const scale = unit === 'bytes' ? 1024 ** Math.max(0, Math.floor(Math.log(raw) / Math.log(1024))) : 1;
  const magnitude = 10 ** Math.floor(Math.log10(raw / scale)) * scale;
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= raw) ?? 10) * magnitude;
  const ticks: number[] = [];
  for (let tick = Math.ceil(lowest / step) * step; tick <= highest + step * 1e-9; tick += step) ticks.push(tick);
  return ticks;
}
