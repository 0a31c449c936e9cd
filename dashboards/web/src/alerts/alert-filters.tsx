/** Severity, time range, entity and detection filters; all of them are in the address. */
import { useNavigate } from '@tanstack/react-router';
import { useState, type Ref } from 'react';
import { ToggleButton } from 'react-aria-components/ToggleButton';
import { ToggleButtonGroup } from 'react-aria-components/ToggleButtonGroup';
import type { AlertFilter } from '../api/queries.ts';
import { FilterChip } from '../controls/filter-chip.tsx';
import { RangeChoice } from '../frame/range-choice.tsx';
import { SEVERITY_WORD, SeverityShape } from '../controls/severity.tsx';
import { SEVERITIES } from '../search.ts';

export interface AlertFiltersProps {
  readonly filter: AlertFilter;
  readonly searchRef: Ref<HTMLInputElement>;
}

export function AlertFilters({ filter, searchRef }: AlertFiltersProps) {
  const navigate = useNavigate({ from: '/alerts' });
  const set = (change: AlertFilter) => void navigate({ search: (now) => ({ ...now, ...change }) });
  return (
    <div className="filters">
      <ToggleButtonGroup
        className="toggles"
        aria-label="Severity"
        selectionMode="multiple"
        selectedKeys={filter.severity ?? []}
        onSelectionChange={(keys) => {
          const chosen = SEVERITIES.filter((level) => keys.has(level));
          set({ severity: chosen.length === 0 || chosen.length === SEVERITIES.length ? undefined : chosen });
        }}
      >
        {SEVERITIES.map((level) => (
          <ToggleButton key={level} id={level} className="toggle">
            <SeverityShape level={level} />
            <span>{SEVERITY_WORD[level]}</span>
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <RangeChoice span={filter} onChange={(span) => set(span)} />
      <EntityField
        key={filter.entity ?? ''}
        entity={filter.entity}
        inputRef={searchRef}
        onChange={(entity) => set({ entity })}
      />
      {filter.detectionId !== undefined && (
        <FilterChip name="Detection" value={filter.detectionId} onClear={() => set({ detectionId: undefined })} />
      )}
    </div>
  );
}

interface EntityFieldProps {
  readonly entity: string | undefined;
  readonly inputRef: Ref<HTMLInputElement>;
  readonly onChange: (entity: string | undefined) => void;
}

/** Matches exactly, like the API; usually it is filled by clicking a name in a row or panel. */
function EntityField({ entity, inputRef, onChange }: EntityFieldProps) {
  const [text, setText] = useState(entity ?? '');
  if (entity !== undefined) return <FilterChip name="Entity" value={entity} onClear={() => onChange(undefined)} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') onChange(text.trim());
      }}
    >
      <input
        ref={inputRef}
        className="input"
        type="search"
        aria-label="Entity id"
        placeholder="Entity id, exact"
        maxLength={1024}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}
