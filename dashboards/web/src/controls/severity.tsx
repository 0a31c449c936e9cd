/** Shows severity by word, shape and colour, so that it is readable without colour and in print. */
import type { Severity as Level } from '../../../../schemas/records/alert.ts';

/** Octagon, triangle, diamond, disc, ring: they differ without colour at 12 px. */
const SHAPES: Readonly<Record<Level, { readonly d: string; readonly hollow?: boolean }>> = {
  critical: { d: 'M4 .5h4L11.5 4v4L8 11.5H4L.5 8V4z' },
  high: { d: 'M6 .8 11.7 11H.3z' },
  medium: { d: 'M6 .3 11.7 6 6 11.7.3 6z' },
  low: { d: 'M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z' },
  informational: { d: 'M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', hollow: true },
};

export const SEVERITY_WORD: Readonly<Record<Level, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  informational: 'Info',
};

export function SeverityShape({ level }: { readonly level: Level }) {
  // An unknown severity is drawn too.
  const { d, hollow = false } = (SHAPES as Readonly<Partial<typeof SHAPES>>)[level] ?? SHAPES.informational;
  return (
    <svg
      className={`shape sev-${level}`}
      viewBox="0 0 12 12"
      width="12"
      height="12"
      aria-hidden="true"
      focusable="false"
    >
      <path d={d} fill={hollow ? 'none' : 'currentColor'} stroke={hollow ? 'currentColor' : 'none'} strokeWidth="1.8" />
    </svg>
  );
}

export function SeverityBadge({ level }: { readonly level: Level }) {
  return (
    <span className={`severity sev-${level}`}>
      <SeverityShape level={level} />
      <span className="severity-word">{SEVERITY_WORD[level]}</span>
    </span>
  );
}
