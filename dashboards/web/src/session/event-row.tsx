/** One event of the story; opening it shows all its fields. */
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { describe, isJudged } from '../event/describe.ts';
import { ClaimedTag } from '../event/claimed.tsx';
import { EventIcon } from '../event/event-icon.tsx';
import { Figures } from '../event/figures.tsx';
import { marksOfAll } from '../alerts/marks.ts';
import { Time } from '../frame/preferences.tsx';
import { SEVERITY_WORD, SeverityShape } from '../controls/severity.tsx';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { EventDetail } from './event-detail.tsx';
import type { EventRow } from './story.ts';

export interface EventRowProps {
  readonly row: EventRow;
  readonly open: boolean;
  readonly cursor: boolean;
  readonly onToggle: (eventId: string) => void;
}

export const EventRowView = memo(function EventRowView({ row, open, cursor, onToggle }: EventRowProps) {
  const { event, alerts, approval, subAgent, depth } = row;
  const description = describe(event);
  const marks = marksOfAll(alerts);
  const classes = [
    'event',
    `tone-${description.tone}`,
    event.category,
    ...(depth > 0 ? ['derived'] : []),
    ...(subAgent !== undefined ? ['of-sub-agent'] : []),
    ...(open ? ['open'] : []),
    ...(cursor ? ['cursor'] : []),
  ];
  return (
    <div className={classes.join(' ')} data-event={event.eventId} aria-current={open ? 'true' : undefined}>
      {/* Clicking anywhere opens the row; the button in it is for the keyboard and screen readers. */}
      <div className="event-line" onClick={() => onToggle(event.eventId)}>
        <span className="event-time">
          <Time at={event.time} as="millisecond" />
        </span>
        <span className="event-kind">
          <button
            type="button"
            className="event-label"
            aria-expanded={open}
            onClick={(press) => {
              press.stopPropagation();
              onToggle(event.eventId);
            }}
          >
            <EventIcon event={event} />
            <span>{description.label}</span>
          </button>
        </span>
        <div className="event-main">
          {subAgent !== undefined && (
            <span className="tag sub-agent" title={`Done by sub-agent ${event.agentId ?? ''}`}>
              sub-agent {subAgent}
            </span>
          )}
          {event.derivedFrom !== undefined && (
            <span className="tag from-line" title="Derived from the line of a command, not reported by the agent">
              from the line
            </span>
          )}
          <ClaimedTag event={event} />
          {description.main === undefined ? (
            <span className="faint">{event.category === 'prompt' ? 'text not kept' : 'not reported'}</span>
          ) : (
            <span className={description.mono ? 'command-text' : 'plain-text'}>
              <Untrusted
                text={description.main}
                mono={description.mono}
                limit={open ? 4096 : 280}
                fixed={!open}
                marks={marks}
                layout={open ? 'block' : 'inline'}
                key={String(open)}
              />
            </span>
          )}
          {event.category === 'prompt' && event.contentHash !== undefined && (
            <span className="faint">
              {' '}
              sha-256 <span className="mono">{event.contentHash.slice(0, 12)}…</span>
            </span>
          )}
          {description.note !== undefined && (
            <div className="event-note">
              <Untrusted text={description.note} limit={open ? 2048 : 160} fixed={!open} key={String(open)} />
            </div>
          )}
        </div>
        <span className="event-side">
          {alerts.map((alert) => (
            <Link
              key={alert.alertId}
              to="/alerts"
              search={{ alert: alert.alertId }}
              className={`evidence-of sev-${alert.severity}`}
              title={`Evidence of an alert (${SEVERITY_WORD[alert.severity]}): ${alert.title}`}
              onClick={(press) => press.stopPropagation()}
            >
              <SeverityShape level={alert.severity} />
              <span className="hidden-text">Alert, {SEVERITY_WORD[alert.severity]}</span>
            </Link>
          ))}
          {approval?.decision === 'approved' && isJudged(approval) && (
            <span className="figure grant" title={`Approved by ${approval.decisionSource ?? 'somebody'}`}>
              approved
            </span>
          )}
          <Figures figures={description.figures} />
        </span>
      </div>
      {open && <EventDetail event={event} />}
    </div>
  );
});
