/** A record as JSON text, folded by default. */
import { useMemo, useState } from 'react';
import { formatBytes } from '../format/quantity.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';

export function RawRecord({ what, record }: { readonly what: string; readonly record: unknown }) {
  const [open, setOpen] = useState(false);
  const text = useMemo(() => JSON.stringify(record, undefined, 2), [record]);
  return (
    <details className="raw" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Raw {what} <span className="faint">JSON, {formatBytes(text.length)}</span>
      </summary>
      {open && (
        <pre>
          <Untrusted text={text} layout="block" mono />
        </pre>
      )}
    </details>
  );
}
