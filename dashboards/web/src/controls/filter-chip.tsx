/** An active filter, with a button to remove it. */
import { Button } from 'react-aria-components/Button';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { Icon } from './icons.tsx';

export interface FilterChipProps {
  readonly name: string;
  readonly value: string;
  readonly onClear: () => void;
}

export function FilterChip({ name, value, onClear }: FilterChipProps) {
  return (
    <span className="chip">
      <span className="faint">{name}</span> <Untrusted text={value} limit={48} fixed />
      <Button className="chip-clear" aria-label={`Drop the filter ${name}`} onPress={onClear}>
        <Icon name="close" />
      </Button>
    </span>
  );
}
