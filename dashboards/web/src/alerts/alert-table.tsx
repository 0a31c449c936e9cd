/** The rows of the alert list, virtualised so that a hundred thousand rows scroll smoothly. */
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { Alert } from '../../../../schemas/records/alert.ts';
import { formatCompact, formatCount } from '../format/quantity.ts';
import { ListEnd } from '../controls/list-end.tsx';
import { Time } from '../frame/preferences.tsx';
import { SeverityBadge } from '../controls/severity.tsx';
import { Untrusted } from '../untrusted/untrusted.tsx';

export interface AlertTableHandle {
  readonly focus: (alertId: string) => void;
  readonly toTop: () => void;
}

export interface AlertTableProps {
  readonly ref: Ref<AlertTableHandle>;
  readonly rows: readonly Alert[];
  readonly openId: string | undefined;
  readonly cursorId: string | undefined;
  readonly onOpen: (alertId: string) => void;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  readonly moreError: Error | undefined;
  readonly onMore: () => void;
}

const features = tableFeatures({});
const helper = createColumnHelper<typeof features, Alert>();
const columns = helper.columns([
  helper.accessor('severity', {
    header: 'Severity',
    cell: ({ getValue, row }) => (
      <>
        <SeverityBadge level={getValue()} />
        <span className="score" title={`Score ${row.original.score} of 100`}>
          {Math.round(row.original.score)}
        </span>
      </>
    ),
  }),
  helper.accessor('summary', {
    header: 'What happened',
    cell: ({ getValue, row: { original } }) => (
      <>
        <div className="sentence clamp">
          <Untrusted text={getValue()} limit={320} fixed />
        </div>
        <div className="under">
          {original.state === 'retracted' && <span className="tag">retracted</span>}
          {original.suppressedBy !== undefined && <span className="tag">suppressed</span>}
          {/* Most summaries begin with the title. */}
          {original.summary.startsWith(original.title) ? (
            <Untrusted text={original.detectionId} limit={80} fixed mono />
          ) : (
            <Untrusted text={original.title} limit={80} fixed />
          )}
        </div>
      </>
    ),
  }),
  helper.accessor('entity', {
    header: 'Who',
    cell: ({ getValue }) => (
      <>
        <div className="ellipsis">
          <Untrusted text={getValue().id} limit={96} fixed />
        </div>
        <div className="under">{getValue().kind}</div>
      </>
    ),
  }),
  helper.accessor('count', {
    header: 'Count',
    cell: ({ getValue }) => <span title={`${formatCount(getValue())} findings`}>{formatCompact(getValue())}</span>,
  }),
  helper.accessor('time', {
    header: 'Last seen',
    cell: ({ getValue }) => (
      <>
        <div>
          <Time at={getValue()} />
        </div>
        <div className="under">
          <Time at={getValue()} as="ago" />
        </div>
      </>
    ),
  }),
]);

const ROW_PX = 57;
/** Older alerts are fetched when fewer than this many rows are left below. */
const AHEAD = 30;

export function AlertTable(props: AlertTableProps) {
  const { ref, rows, openId, cursorId, onOpen, hasMore, loadingMore, moreError, onMore } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const table = useTable({ features, columns, data: rows, getRowId: ({ alertId }) => alertId });
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.alertId ?? index,
    overscan: 8,
  });
  const items = virtualizer.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const wantsMore = hasMore && !loadingMore && moreError === undefined && lastShown >= rows.length - AHEAD;
  useEffect(() => {
    if (wantsMore) onMore();
  }, [wantsMore, onMore]);

  const focusLater = useRef<string>(undefined);
  const rowElement = (alertId: string) =>
    scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(alertId)}"]`);
  useImperativeHandle(ref, () => ({
    focus: (alertId) => {
      const index = rows.findIndex((row) => row.alertId === alertId);
      if (index < 0) return;
      virtualizer.scrollToIndex(index, { align: 'auto' });
      const element = rowElement(alertId);
      if (element == null) focusLater.current = alertId;
      else element.focus({ preventScroll: true });
    },
    toTop: () => scroller.current?.scrollTo({ top: 0 }),
  }));
  useEffect(() => {
    if (focusLater.current === undefined) return;
    const element = rowElement(focusLater.current);
    if (element == null) return;
    focusLater.current = undefined;
    element.focus({ preventScroll: true });
  });
  // A link to an open alert scrolls to its row too, once.
  const revealed = useRef(false);
  useEffect(() => {
    if (revealed.current || openId === undefined) return;
    const index = rows.findIndex(({ alertId }) => alertId === openId);
    if (index < 0) return;
    revealed.current = true;
    virtualizer.scrollToIndex(index, { align: 'auto' });
  }, [rows, openId, virtualizer]);

  const all = table.getRowModel().rows;
  return (
    <div className="grid alert-grid" role="grid" aria-label="Alerts" aria-rowcount={hasMore ? -1 : rows.length + 1}>
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
            const alert = row.original;
            const isCursor = alert.alertId === cursorId || (cursorId === undefined && item.index === 0);
            return (
              <div
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                data-row={alert.alertId}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={alert.alertId === openId}
                tabIndex={isCursor ? 0 : -1}
                className={`grid-row sev-${alert.severity} ${alert.alertId === cursorId ? 'cursor' : ''} ${alert.state === 'retracted' ? 'gone' : ''}`}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={() => onOpen(alert.alertId)}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter' && event.key !== ' ') return;
                  event.preventDefault();
                  onOpen(alert.alertId);
                }}
              >
                {row.getAllCells().map((cell) => (
                  <div key={cell.id} role="gridcell" className={`cell ${cell.column.id}`}>
                    <table.FlexRender cell={cell} />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
        <ListEnd what="alerts" hasMore={hasMore} error={moreError} onMore={onMore} />
      </div>
    </div>
  );
}
