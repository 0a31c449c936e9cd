/** The numbers of an event in one line. */
import { Untrusted } from '../untrusted/untrusted.tsx';
import type { Figure } from './describe.ts';

export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  if (figures.length === 0) return null;
  return (
    <span className="figures">
      {figures.map(({ name, text, title, tone }, index) => (
        <span key={index} className={`figure ${name} ${tone ?? ''}`} title={title}>
          <Untrusted text={text} limit={48} fixed />
        </span>
      ))}
    </span>
  );
}
