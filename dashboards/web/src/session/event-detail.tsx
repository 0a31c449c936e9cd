/** All fields of an event: the named ones, the unmapped attributes, and the raw record. */
import { Link } from '@tanstack/react-router';
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import { formatDuration, formatExact } from '../format/quantity.ts';
import { Time } from '../frame/preferences.tsx';
import { RawRecord } from '../controls/raw-record.tsx';
import { Untrusted } from '../untrusted/untrusted.tsx';

/** Fields shown in the row itself or below, or equal for the whole session. */
const ELSEWHERE = new Set([
  'attributes',
  'time',
  'receivedAt',
  'tenant',
  'arguments',
  'redactions',
  'derivedFrom',
  'parentSessionId',
]);

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? formatExact(value) : JSON.stringify(value);

export function EventDetail({ event }: { readonly event: AgentEvent }) {
  const fields = Object.entries(event).filter(([name, value]) => value !== undefined && !ELSEWHERE.has(name));
  const attributes = Object.entries(event.attributes);
  return (
    <div className="event-detail">
      <dl className="fields">
        <div>
          <dt>time</dt>
          <dd>
            <Time at={event.time} as="exact" />
          </dd>
        </div>
        <div>
          <dt>receivedAt</dt>
          <dd>
            <Time at={event.receivedAt} as="exact" />{' '}
            <span className="faint">{formatDuration(Math.max(0, event.receivedAt - event.time))} later</span>
          </dd>
        </div>
        {event.derivedFrom !== undefined && (
          <div>
            <dt>derivedFrom</dt>
            <dd>
              <Link
                to="/sessions/$sessionId"
                params={{ sessionId: event.sessionId }}
                search={{ event: event.derivedFrom }}
                className="mono"
              >
                {event.derivedFrom}
              </Link>
            </dd>
          </div>
        )}
        {event.arguments !== undefined && (
          <div>
            <dt>arguments</dt>
            <dd>
              <Untrusted text={event.arguments.map((one) => JSON.stringify(one)).join(' ')} mono limit={600} />
            </dd>
          </div>
        )}
        {event.redactions !== undefined && (
          <div>
            <dt>redactions</dt>
            <dd>
              <Untrusted text={event.redactions.join(', ')} limit={600} />
            </dd>
          </div>
        )}
        {fields.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Untrusted text={textOf(value)} mono limit={600} />
            </dd>
          </div>
        ))}
      </dl>
      {attributes.length > 0 && (
        <details>
          <summary>
            Unmapped attributes <span className="faint">{attributes.length}</span>
          </summary>
          <dl className="fields">
            {attributes.map(([name, value]) => (
              <div key={name}>
                <dt>
                  <Untrusted text={name} mono limit={120} />
                </dt>
                <dd>
                  <Untrusted text={value} mono limit={600} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      <RawRecord what="event" record={event} />
    </div>
  );
}
