/** Selects what the story shows: kinds of event, or only what is notable. */
import { ToggleButton } from 'react-aria-components/ToggleButton';
import { ToggleButtonGroup } from 'react-aria-components/ToggleButtonGroup';
import type { Category } from '../../../../schemas/records/agent-event.ts';
import { formatCompact } from '../format/quantity.ts';
import { CATEGORIES, FOCUSES, type Focus, type SessionSearch } from '../search.ts';
import type { Story } from './story.ts';

export interface StoryFiltersProps {
  readonly story: Story;
  readonly show: readonly Category[] | undefined;
  readonly only: Focus | undefined;
  readonly onChange: (change: SessionSearch) => void;
}

const WORDS: Readonly<Record<Category, string>> = {
  prompt: 'Prompts',
  command: 'Commands',
  file: 'Files',
  network: 'Network',
  approval: 'Approvals',
  sandbox: 'Sandbox',
  tool: 'Tools',
  mcp: 'MCP',
  model: 'Model',
  session: 'Session',
  auth: 'Sign-in',
  config: 'Settings',
  telemetry: 'Telemetry',
};

export function StoryFilters({ story, show, only, onChange }: StoryFiltersProps) {
  const present = CATEGORIES.filter((category) => story.counts.has(category) || show?.includes(category) === true);
  const focusCounts: Readonly<Record<Focus, number>> = {
    stops: story.stops,
    failures: story.failures,
    alerts: story.alerted,
  };
  return (
    <div className="filters">
      <ToggleButtonGroup
        className="toggles"
        aria-label="Only what is notable"
        selectionMode="single"
        selectedKeys={only === undefined ? [] : [only]}
        onSelectionChange={(keys) => onChange({ only: FOCUSES.find((focus) => keys.has(focus)) })}
      >
        {FOCUSES.filter((focus) => focusCounts[focus] > 0 || only === focus).map((focus) => (
          <ToggleButton key={focus} id={focus} className={`toggle ${focus}`}>
            {{ stops: 'Stopped', failures: 'Failed', alerts: 'In alerts' }[focus]}{' '}
            <span className="faint">{formatCompact(focusCounts[focus])}</span>
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <ToggleButtonGroup
        className="toggles"
        aria-label="Kinds of event"
        selectionMode="multiple"
        selectedKeys={show ?? []}
        onSelectionChange={(keys) => {
          const chosen = CATEGORIES.filter((category) => keys.has(category));
          onChange({ show: chosen.length === 0 ? undefined : chosen });
        }}
      >
        {present.map((category) => (
          <ToggleButton key={category} id={category} className="toggle">
            {WORDS[category]} <span className="faint">{formatCompact(story.counts.get(category) ?? 0)}</span>
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
    </div>
  );
}
