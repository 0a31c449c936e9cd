/** The row that starts a turn: one prompt and everything that followed from it. */
import { formatDuration, plural } from '../format/quantity.ts';
import { Time } from '../frame/preferences.tsx';
import type { TurnRow } from './story.ts';

export function TurnRowView({ row }: { readonly row: TurnRow }) {
  return (
    <div className="turn">
      <h2>{row.number === 0 ? 'Before the first prompt' : `Turn ${row.number}`}</h2>
      <span className="faint">
        <Time at={row.time} /> · {formatDuration(row.durationMs)} · {plural(row.events, 'event')}
        {row.calls > 0 && `, ${plural(row.calls, 'call')}`}
      </span>
      {row.stops > 0 && <span className="turn-flag stop">{row.stops} stopped</span>}
      {row.failures > 0 && <span className="turn-flag fail">{row.failures} failed</span>}
    </div>
  );
}
