/** A whole session in one scroll container: header, filters, and the virtualised story below them. */
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { SessionDetail } from '../../../../schemas/api/sessions.ts';
import { formatCount, formatDuration, plural } from '../format/quantity.ts';
import { Notice } from '../frame/notice.tsx';
import { useKeys } from '../frame/keys.ts';
import type { SessionSearch } from '../search.ts';
import { EventRowView } from './event-row.tsx';
import { SessionHeader } from './session-header.tsx';
import { tellStory } from './story.ts';
import { StoryFilters } from './story-filters.tsx';
import { TurnRowView } from './turn-row.tsx';
import { useSessionEvents } from './use-session-events.ts';

const route = getRouteApi('/sessions/$sessionId');

const EVENT_PX = 36;
const TURN_PX = 52;

export interface SessionStoryProps {
  readonly tenant: string | undefined;
  readonly detail: SessionDetail;
}

export function SessionStory({ tenant, detail }: SessionStoryProps) {
  const { event: openId, show, only } = route.useSearch();
  const navigate = useNavigate({ from: '/sessions/$sessionId' });
  const { events, state, more, refresh } = useSessionEvents(tenant, detail);
  const story = useMemo(() => tellStory(events, detail.alerts, { show, only }), [events, detail.alerts, show, only]);
  const { rows, indexOf } = story;
  const [cursor, setCursor] = useState<string>();

  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  // The header's height changes with the width and with folding, and the rows start below it.
  useLayoutEffect(() => {
    const measure = () => setMargin(list.current?.offsetTop ?? 0);
    measure();
    const sized = new ResizeObserver(measure);
    if (top.current !== null) sized.observe(top.current);
    return () => sized.disconnect();
  }, []);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === 'turn' ? TURN_PX : EVENT_PX),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 12,
    scrollMargin: margin,
    // The filters stay visible above the rows.
    scrollPaddingStart: 96,
    scrollPaddingEnd: 48,
  });

  const set = useCallback(
    (change: SessionSearch, how: 'push' | 'replace' = 'push') =>
      void navigate({ search: (now) => ({ ...now, ...change }), replace: how === 'replace' }),
    [navigate],
  );
  const toggle = useCallback(
    (eventId: string) => {
      setCursor(eventId);
      void navigate({
        search: (now) => ({ ...now, event: now.event === eventId ? undefined : eventId }),
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  const move = (step: 1 | -1) => {
    const here = cursor ?? openId;
    let at = here === undefined ? -1 : (indexOf.get(here) ?? -1);
    do at += step;
    while (rows[at] !== undefined && rows[at]?.kind !== 'event');
    const row = rows[at];
    if (row === undefined) return;
    setCursor(row.key);
    virtualizer.scrollToIndex(at, { align: 'auto' });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => {
      if (cursor !== undefined) toggle(cursor);
    },
    Escape: () => set({ event: undefined }, 'replace'),
  });

  // A link to an event scrolls to it, once, as soon as its page has loaded.
  const [arrivedAt, setArrivedAt] = useState<string>();
  const openIndex = openId === undefined ? undefined : indexOf.get(openId);
  useEffect(() => {
    if (openId === undefined || openId === arrivedAt || openIndex === undefined) return;
    setArrivedAt(openId);
    if (cursor !== openId) virtualizer.scrollToIndex(openIndex, { align: 'center' });
  }, [openId, arrivedAt, openIndex, cursor, virtualizer]);
  const missing = openId !== undefined && openIndex === undefined && state !== 'loading';
  const hiddenByFilter = missing && events.some(({ eventId }) => eventId === openId);
  const filtered = show !== undefined || only !== undefined;

  return (
    <div className="session-scroll" ref={scroller}>
      <div ref={top}>
        <SessionHeader
          session={detail.session}
          telemetry={detail.telemetry}
          alerts={detail.alerts}
          onOnly={(focus) => set({ only: focus, show: undefined })}
          onShow={(category) => set({ show: [category], only: undefined })}
        />
      </div>
      <div className="story-bar">
        <StoryFilters story={story} show={show} only={only} onChange={(change) => set(change)} />
        <div className="story-count faint">
          {filtered
            ? `${formatCount(story.shown)} of ${plural(events.length, 'event')}`
            : plural(events.length, 'event')}
          {state === 'loading' && ` of about ${formatCount(detail.session.events)}, loading …`}{' '}
          <Button className="button small" onPress={refresh}>
            Refresh
          </Button>
        </div>
        {missing && (
          <p className="caution">
            {hiddenByFilter ? (
              <>
                The event of this link is hidden by the filter.{' '}
                <Button className="button small" onPress={() => set({ show: undefined, only: undefined })}>
                  Show everything
                </Button>
              </>
            ) : (
              <>The event of this link is not in this session; retention may have deleted it.</>
            )}
          </p>
        )}
      </div>
      <div
        className="story"
        ref={list}
        role="list"
        aria-label="What the session did"
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              role="listitem"
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
              className="story-item"
              style={{ transform: `translateY(${item.start - margin}px)` }}
            >
              {row.kind === 'turn' && <TurnRowView row={row} />}
              {row.kind === 'pause' && <div className="pause">no events for {formatDuration(row.durationMs)}</div>}
              {row.kind === 'event' && (
                <EventRowView row={row} open={row.key === openId} cursor={row.key === cursor} onToggle={toggle} />
              )}
            </div>
          );
        })}
      </div>
      {rows.length === 0 && state !== 'loading' && (
        <Notice
          title={filtered ? 'Nothing in this session matches' : 'This session has no events'}
          actions={
            filtered && (
              <Button className="button primary" onPress={() => set({ show: undefined, only: undefined })}>
                Show everything
              </Button>
            )
          }
        >
          {!filtered && <p>Retention may have deleted them, or they are not stored yet: refresh in a few seconds.</p>}
        </Notice>
      )}
      <StoryEnd state={state} loaded={events.length} total={detail.session.events} onMore={more} />
    </div>
  );
}

interface StoryEndProps {
  readonly state: ReturnType<typeof useSessionEvents>['state'];
  readonly loaded: number;
  readonly total: number;
  readonly onMore: () => void;
}

function StoryEnd({ state, loaded, total, onMore }: StoryEndProps) {
  if (state === 'whole') return loaded === 0 ? null : <p className="list-end faint">End of this session so far</p>;
  if (state === 'loading') return <p className="list-end faint">Loading more events …</p>;
  return (
    <p className="list-end" role={state === 'failed' ? 'alert' : 'status'}>
      {state === 'failed'
        ? 'The rest of the session could not be loaded.'
        : `This is a large session: ${formatCount(loaded)} of about ${formatCount(total)} events are loaded.`}{' '}
      <Button className="button" onPress={onMore}>
        {state === 'failed' ? 'Try again' : 'Load more'}
      </Button>
    </p>
  );
}
