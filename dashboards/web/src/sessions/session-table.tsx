/** One row per session: who, where, and a summary. Virtualised. */
import { Link } from '@tanstack/react-router';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { SessionSummary } from '../../../../schemas/api/sessions.ts';
import { formatCompact, formatCost, formatCount, formatDuration } from '../format/quantity.ts';
import { ListEnd } from '../controls/list-end.tsx';
import { Time } from '../frame/preferences.tsx';
import type { SessionSearch } from '../search.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';

export interface SessionTableHandle {
  readonly focus: (sessionId: string) => void;
}
export interface SessionTableProps {
  readonly ref: Ref<SessionTableHandle>;
  readonly rows: readonly SessionSummary[];
  readonly cursorId: string | undefined;
  readonly onOpen: (sessionId: string) => void;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  readonly moreError: Error | undefined;
  readonly onMore: () => void;
}

interface TallyProps {
  readonly count: number;
  readonly tone?: 'fail' | 'stop' | 'alert-count';
  readonly title: string;
  readonly sessionId: string;
  /** The filter that the number opens in the session. */
  readonly search: SessionSearch;
}

/** A number that opens the events it counts. Zero is faint, so that only what happened is noticed. */
function Tally({ count, tone, title, sessionId, search }: TallyProps) {
  const said = `${formatCount(count)} ${title}`;
  if (count === 0)
    return (
      <span className="faint" title={said}>
        0
      </span>
    );
  return (
    <Link
      to="/sessions/$sessionId"
      params={{ sessionId }}
      search={search}
      className={`tally ${tone ?? ''}`}
      title={said}
      onClick={(event) => event.stopPropagation()}
    >
      {formatCompact(count)}
    </Link>
  );
}

const features = tableFeatures({});
const helper = createColumnHelper<typeof features, SessionSummary>();
const columns = helper.columns([
  helper.accessor('agentName', {
    header: 'Session',
    cell: ({ row: { original } }) => (
      <>
        <div className="ellipsis">
          <Link
            to="/sessions/$sessionId"
            params={{ sessionId: original.sessionId }}
            tabIndex={-1}
            onClick={(event) => event.stopPropagation()}
          >
            <Untrusted text={original.agentName} limit={40} fixed />
          </Link>{' '}
          <span className="faint">
            <Untrusted text={original.agentVersion ?? ''} limit={24} fixed />
          </span>{' '}
          {original.parentSessionId !== undefined && <span className="tag">sub-agent</span>}
        </div>
        <div className="under ellipsis">
          <Untrusted text={original.sessionId} limit={64} fixed mono />
        </div>
      </>
    ),
  }),
  helper.accessor('actor', {
    header: 'Who and where',
    cell: ({ row: { original } }) => (
      <>
        <div className="ellipsis">
          <Untrusted text={original.userEmail ?? original.userId ?? original.actor} limit={80} fixed />
          {original.host !== undefined && (
            <span className="faint">
              {' '}
              on <Untrusted text={original.host} limit={48} fixed />
            </span>
          )}
        </div>
        <div className="under ellipsis">
          <Untrusted text={original.repository ?? original.cwd ?? ''} limit={96} fixed />
        </div>
      </>
    ),
  }),
  helper.accessor('commands', {
    header: 'Commands',
    cell: ({ row: { original } }) => (
      <>
        <Tally
          count={original.commands}
          title="commands"
          sessionId={original.sessionId}
          search={{ show: ['command'] }}
        />
        {original.failedCommands > 0 && (
          <div className="under fail">{formatCompact(original.failedCommands)} failed</div>
        )}
      </>
    ),
  }),
  helper.accessor('fileChanges', {
    header: 'Files',
    cell: ({ row: { original } }) => (
      <Tally
        count={original.fileChanges}
        title="file changes"
        sessionId={original.sessionId}
        search={{ show: ['file'] }}
      />
    ),
  }),
  helper.accessor('networkEvents', {
    header: 'Network',
    cell: ({ row: { original } }) => (
      <Tally
        count={original.networkEvents}
        title="network events"
        sessionId={original.sessionId}
        search={{ show: ['network'] }}
      />
    ),
  }),
  helper.accessor('denials', {
    header: 'Denials',
    cell: ({ row: { original } }) => (
      <Tally
        count={original.denials}
        tone="stop"
        title="denials"
        sessionId={original.sessionId}
        search={{ only: 'stops' }}
      />
    ),
  }),
  helper.accessor('costUsd', {
    header: 'Cost',
    cell: ({ row: { original } }) => (
      <>
        <span className={original.costUsd === 0 ? 'faint' : ''}>
          {original.costUsd === 0 ? '–' : formatCost(original.costUsd)}
        </span>
        <div
          className="under"
          title={`${formatCount(original.inputTokens)} tokens read, ${formatCount(original.outputTokens)} written`}
        >
          {formatCompact(original.inputTokens + original.outputTokens)} tok
        </div>
      </>
    ),
  }),
  helper.accessor('alerts', {
    header: 'Alerts',
    cell: ({ row: { original } }) => (
      <Tally
        count={original.alerts}
        tone="alert-count"
        title="alerts"
        sessionId={original.sessionId}
        search={{ only: 'alerts' }}
      />
    ),
  }),
  helper.accessor('lastSeen', {
    header: 'Last seen',
    cell: ({ row: { original } }) => (
      <>
        <div>
          <Time at={original.lastSeen} />
        </div>
        <div className="under">lasted {formatDuration(original.lastSeen - original.firstSeen)}</div>
      </>
    ),
  }),
]);

const ROW_PX = 57;
const AHEAD = 30;

export function SessionTable(props: SessionTableProps) {
  const { ref, rows, cursorId, onOpen, hasMore, loadingMore, moreError, onMore } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const table = useTable({ features, columns, data: rows, getRowId: ({ sessionId }) => sessionId });
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.sessionId ?? index,
    overscan: 8,
  });
  const items = virtualizer.getVirtualItems();
  const wantsMore =
    hasMore && !loadingMore && moreError === undefined && (items.at(-1)?.index ?? 0) >= rows.length - AHEAD;
  useEffect(() => {
    if (wantsMore) onMore();
  }, [wantsMore, onMore]);
  useImperativeHandle(ref, () => ({
    focus: (sessionId) => {
      const index = rows.findIndex((row) => row.sessionId === sessionId);
      if (index < 0) return;
      virtualizer.scrollToIndex(index, { align: 'auto' });
      scroller.current
        ?.querySelector<HTMLElement>(`[data-row="${CSS.escape(sessionId)}"]`)
        ?.focus({ preventScroll: true });
    },
  }));
  const all = table.getRowModel().rows;
  return (
    <div className="grid session-grid" role="grid" aria-label="Sessions" aria-rowcount={hasMore ? -1 : rows.length + 1}>
      {table.getHeaderGroups().map((group) => (
        <div key={group.id} className="grid-head" role="row" aria-rowindex={1}>
          {group.headers.map((header) => (
            <div key={header.id} role="columnheader" className={`cell ${header.id}`}>
              <table.FlexRender header={header} />
            </div>
          ))}
        </div>
      ))}
      <div className="grid-body" ref={scroller} role="presentation">
        <div className="grid-canvas" role="rowgroup" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = all[item.index];
            if (row === undefined) return null;
            const { sessionId } = row.original;
            return (
              <div
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                data-row={sessionId}
                role="row"
                aria-rowindex={item.index + 2}
                tabIndex={sessionId === cursorId || (cursorId === undefined && item.index === 0) ? 0 : -1}
                className={`grid-row ${sessionId === cursorId ? 'cursor' : ''}`}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={() => onOpen(sessionId)}
                onKeyDown={(event) => {
                  if (event.key === 'Enter') onOpen(sessionId);
                }}
              >
                {row.getAllCells().map((cell) => (
                  <div key={cell.id} role="gridcell" className={`cell ${cell.column.id}`} data-name={cell.column.id}>
                    <table.FlexRender cell={cell} />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        <ListEnd what="sessions" hasMore={hasMore} error={moreError} onMore={onMore} />
      </div>
    </div>
  );
}
