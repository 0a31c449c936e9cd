/** The time range of a list: it moves with the clock, or is fixed by a link. */
import { FilterChip } from '../controls/filter-chip.tsx';
import { useZone } from './preferences.tsx';
import { formatInstant } from '../format/time.ts';
import { RANGES, type Range, type Span } from '../search.ts';

export interface RangeChoiceProps {
  readonly span: Span;
  readonly onChange: (span: Span) => void;
}

const WORDS: Readonly<Record<Range, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};
const KNOWN = Object.keys(RANGES) as Range[];

export function RangeChoice({ span, onChange }: RangeChoiceProps) {
  const { zone } = useZone();
  if (span.from !== undefined || span.to !== undefined) {
    const say = (instant: string | undefined, open: string) =>
      instant === undefined ? open : formatInstant(Date.parse(instant), zone);
    return (
      <FilterChip
        name="Time"
        value={`${say(span.from, 'the start')} – ${say(span.to, 'now')}`}
        onClear={() => onChange({ range: undefined, from: undefined, to: undefined })}
      />
    );
  }
  return (
    <select
      className="input"
      aria-label="Time range"
      value={span.range ?? ''}
      onChange={(event) =>
        onChange({ range: KNOWN.find((range) => range === event.target.value), from: undefined, to: undefined })
      }
    >
      <option value="">Any time</option>
      {KNOWN.map((range) => (
        <option key={range} value={range}>
          {WORDS[range]}
        </option>
      ))}
    </select>
  );
}
