/** Shows the state of the list: how much is loaded, whether the stream is open, and how many alerts wait. */
import { Button } from 'react-aria-components/Button';
import { formatCount, plural } from '../../format/quantity.ts';
import type { LiveAlerts } from './use-live-alerts.ts';

export interface LiveBarProps {
  readonly live: LiveAlerts;
  readonly loaded: number;
  readonly more: boolean;
  readonly ready: boolean;
  readonly onShow: () => void;
}

const LINE = {
  live: { word: 'Live', title: 'New alerts arrive automatically' },
  connecting: { word: 'Connecting', title: 'Connecting to the stream of new alerts' },
  lost: { word: 'Not live', title: 'The stream of new alerts is down and is being reopened' },
} as const;

export function LiveBar({ live, loaded, more, ready, onShow }: LiveBarProps) {
  const { fresh, revised, overflow, line } = live;
  const { word, title } = LINE[line];
  const waiting = [
    fresh > 0 ? `${overflow ? 'over ' : ''}${formatCount(fresh)} new` : undefined,
    revised > 0 ? `${formatCount(revised)} changed` : undefined,
  ].filter((part) => part !== undefined);
  return (
    <div className="live-bar">
      <span className={`line ${line}`} title={title}>
        <span className="dot" aria-hidden="true" />
        {word}
      </span>
      <span className="faint">{ready && `${plural(loaded, 'alert')}${more ? ' so far' : ''}, newest first`}</span>
      <span className="new-slot" aria-live="polite">
        {waiting.length > 0 && (
          <Button className="button new" onPress={onShow}>
            {waiting.join(', ')} <kbd>n</kbd>
          </Button>
        )}
      </span>
    </div>
  );
}
