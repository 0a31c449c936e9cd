/** The events behind an alert, each with a link to its place in the session. */
import { Link } from '@tanstack/react-router';
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import type { AlertDetail } from '../../../../schemas/api/alerts.ts';
import { describe } from '../event/describe.ts';
import { Figures } from '../event/figures.tsx';
import { ClaimedTag } from '../event/claimed.tsx';
import { EventIcon } from '../event/event-icon.tsx';
import { Time } from '../frame/preferences.tsx';
import type { Mark } from '../untrusted/excerpt.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { marksOf } from './marks.ts';

export function EvidenceTable({ detail }: { readonly detail: AlertDetail }) {
  const { alert, events, missingEventIds } = detail;
  const byId = new Map(events.map((event) => [event.eventId, event]));
  const missing = new Set(missingEventIds);
  const marks = marksOf(alert);
  return (
    <table className="evidence">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What the agent did</th>
          <th scope="col">
            <span className="hidden-text">In its session</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {alert.evidence.map(({ eventId, sessionId }) => {
          const event = byId.get(eventId);
          return (
            <tr key={eventId}>
              {event === undefined ? (
                <td colSpan={2} className="faint">
                  {missing.has(eventId) ? 'Deleted by retention' : 'Not stored yet; it should follow within seconds'}
                </td>
              ) : (
                <EvidenceCells event={event} marks={marks} />
              )}
              <td className="door">
                <Link to="/sessions/$sessionId" params={{ sessionId }} search={{ event: eventId }}>
                  in session
                </Link>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function EvidenceCells({ event, marks }: { readonly event: AgentEvent; readonly marks: readonly Mark[] }) {
  const description = describe(event);
  return (
    <>
      <td className="when">
        <Time at={event.time} as="millisecond" />
        <div className="under">
          <Time at={event.time} as="ago" />
        </div>
      </td>
      <td className="what">
        <div className={`event-label tone-${description.tone}`}>
          <EventIcon event={event} />
          {description.label}
          <Figures figures={description.figures} />
          <ClaimedTag event={event} />
        </div>
        {description.main !== undefined && (
          <div className="event-main">
            <Untrusted text={description.main} mono={description.mono} marks={marks} limit={360} />
          </div>
        )}
        {description.note !== undefined && (
          <div className="event-note">
            <Untrusted text={description.note} limit={200} />
          </div>
        )}
      </td>
    </>
  );
}
