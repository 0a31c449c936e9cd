/**
 * The only component that renders telemetry: as text, with hidden characters named and long values folded with their
 * length.
 */
import { useState } from 'react';
import { formatCount } from '../format/quantity.ts';
import { cutAt, excerptAround, markSpans, placesOf, type Mark } from './excerpt.ts';
import { visiblePieces } from './visible.ts';

export interface UntrustedProps {
  readonly text: string;
  /** Characters shown before the fold; by default up to the page's own limit. */
  readonly limit?: number;
  /** Parts to mark, such as what a rule matched. */
  readonly marks?: readonly Mark[];
  /** `block` keeps line breaks. */
  readonly layout?: 'inline' | 'block';
  /** For lists, where the row itself opens the whole value: the length is shown without a button. */
  readonly fixed?: boolean;
  readonly mono?: boolean;
  readonly className?: string;
}

const NO_MARKS: readonly Mark[] = [];
/** One click on the fold shows this much more, so that a megabyte is never rendered in one go. */
const STEP = 16_384;

export function Untrusted({
  text,
  limit = STEP,
  marks = NO_MARKS,
  layout = 'inline',
  fixed = false,
  mono = false,
  className = '',
}: UntrustedProps) {
  const [shown, setShown] = useState(limit);
  const places = placesOf(text, marks);
  const { from, to } = shown > limit ? { from: 0, to: cutAt(text, shown) } : excerptAround(text, places, limit);
  const rest = text.length - to;
  const classes = `untrusted ${layout} ${mono ? 'mono' : ''} ${className}`;
  return (
    <bdi className={classes} dir="ltr">
      {from > 0 && <span className="fold-note">… {formatCount(from)} before </span>}
      {markSpans(text.slice(from, to), places, from).map((span, index) =>
        span.marked ? (
          <mark key={index}>
            <Pieces text={span.text} layout={layout} />
          </mark>
        ) : (
          <Pieces key={index} text={span.text} layout={layout} />
        ),
      )}
      {rest > 0 &&
        (fixed ? (
          <span className="fold-note"> … {formatCount(text.length)} characters</span>
        ) : (
          <button
            type="button"
            className="fold"
            onClick={(event) => {
              event.stopPropagation();
              setShown((now) => Math.max(now, to) + STEP);
            }}
          >
            … {formatCount(rest)} more of {formatCount(text.length)} characters
          </button>
        ))}
      {shown > limit && !fixed && (
        <button
          type="button"
          className="fold"
          onClick={(event) => {
            event.stopPropagation();
            setShown(limit);
          }}
        >
          fold
        </button>
      )}
    </bdi>
  );
}

function Pieces({ text, layout }: { readonly text: string; readonly layout: 'inline' | 'block' }) {
  return visiblePieces(text, layout === 'block' ? 'keep' : 'name').map((piece, index) =>
    piece.kind === 'text' ? (
      piece.text
    ) : (
      <span key={index} className="sign" title={piece.title} data-sign={piece.label}>
        {piece.label}
      </span>
    ),
  );
}
