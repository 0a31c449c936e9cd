/** Explains one alert: the sentence, why it is unusual, the evidence, what it maps to, how it grew. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import type { Alert } from '../../../../schemas/records/alert.ts';
import type { AlertDetail } from '../../../../schemas/api/alerts.ts';
import { alertQuery } from '../api/queries.ts';
import { formatCount, formatShare, plural } from '../format/quantity.ts';
import { Fact } from '../controls/fact.tsx';
import { Icon } from '../controls/icons.tsx';
import { FailureNotice, Loading } from '../frame/notice.tsx';
import { Time } from '../frame/preferences.tsx';
import { RawRecord } from '../controls/raw-record.tsx';
import { SeverityBadge } from '../controls/severity.tsx';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { EvidenceTable } from './evidence-table.tsx';
import { evidenceNote, isCut } from './explain.ts';
import { WhyUnusual } from './why-unusual.tsx';

export interface AlertPanelProps {
  readonly tenant: string | undefined;
  readonly alertId: string;
  /** A newer revision that has arrived and is not shown yet. */
  readonly waiting: Alert | undefined;
  readonly onClose: () => void;
}

/** Below this width the panel covers the list (alerts.css has the same value), so the focus must move to it. */
const COVERS = '(max-width: 960px)';

export function AlertPanel({ tenant, alertId, waiting, onClose }: AlertPanelProps) {
  const query = useQuery(alertQuery(tenant, alertId));
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (window.matchMedia(COVERS).matches) panel.current?.focus();
  }, []);
  const shown = query.data?.alert.revision ?? 0;
  return (
    <aside className="panel" ref={panel} tabIndex={-1} aria-label="Alert">
      <header className="panel-head">
        {query.data !== undefined && <Badges alert={query.data.alert} />}
        <Button className="icon-button" aria-label="Close the panel" onPress={onClose}>
          <Icon name="close" />
        </Button>
      </header>
      {waiting !== undefined && waiting.revision > shown && query.data !== undefined && (
        <div className="revision-note" role="status">
          This alert has grown: revision {waiting.revision} is available, you see {shown}.
          <Button className="button" onPress={() => void query.refetch()}>
            Show revision {waiting.revision}
          </Button>
        </div>
      )}
      {query.isPending && <Loading what="the alert" />}
      {query.isError && query.data === undefined && (
        <FailureNotice error={query.error} what="this alert" onRetry={() => void query.refetch()} />
      )}
      {query.data !== undefined && <Explained detail={query.data} />}
    </aside>
  );
}

function Badges({ alert }: { readonly alert: Alert }) {
  return (
    <div className="badges">
      <SeverityBadge level={alert.severity} />
      <span className="faint" title="For ordering: 0 to 100">
        Score <strong>{Math.round(alert.score)}</strong>
      </span>
      {alert.state === 'amended' && <span className="tag">amended</span>}
      {alert.state === 'retracted' && <span className="tag">retracted</span>}
      {alert.suppressedBy !== undefined && (
        <span className="tag">
          suppressed by <Untrusted text={alert.suppressedBy} limit={40} fixed />
        </span>
      )}
    </div>
  );
}

function Explained({ detail }: { readonly detail: AlertDetail }) {
  const { alert } = detail;
  return (
    <div className="panel-body">
      <h2 className="summary">
        <Untrusted text={alert.summary} limit={600} />
      </h2>
      {alert.state === 'retracted' && (
        <p className="caution">Retracted: later evidence no longer supports this alert.</p>
      )}
      <Facts alert={alert} />
      <Section title="Why it is unusual">
        <WhyUnusual alert={alert} />
      </Section>
      <Section title="Evidence" note={evidenceNote(alert)}>
        <EvidenceTable detail={detail} />
        {isCut(alert) && <Beyond alert={alert} />}
      </Section>
      <Section title="What it maps to">
        <Mapped name="ATT&CK" ids={alert.attack} />
        <Mapped name="ATLAS" ids={alert.atlas} />
        <Mapped name="OWASP agentic" ids={alert.owasp} />
        {alert.attack.length + alert.atlas.length + alert.owasp.length === 0 && (
          <p className="faint">The detection names no technique.</p>
        )}
      </Section>
      <Section title="How it grew">
        <p>
          {plural(alert.count, 'finding')}{' '}
          {alert.firstSeen === alert.lastSeen ? (
            'at '
          ) : (
            <>
              between <Time at={alert.firstSeen} as="instant" /> and{' '}
            </>
          )}
          <Time at={alert.lastSeen} as="instant" />. This is revision {alert.revision}.
        </p>
      </Section>
      <RawRecord what="alert" record={alert} />
    </div>
  );
}

/** An alert lists its first findings only; the sessions contain all events. */
function Beyond({ alert }: { readonly alert: Alert }) {
  const last = alert.evidence.at(-1);
  return (
    <p>
      An alert lists only these. Later ones are in the sessions:{' '}
      {last !== undefined && (
        <>
          <Link to="/sessions/$sessionId" params={{ sessionId: last.sessionId }} search={{ event: last.eventId }}>
            continue from the last event listed
          </Link>
          , or see{' '}
        </>
      )}
      <Link to="/sessions" search={{ actor: alert.actor }}>
        all sessions of this actor
      </Link>
      .
    </p>
  );
}

function Facts({ alert }: { readonly alert: Alert }) {
  return (
    <dl className="facts">
      <Fact name="Detection">
        <Link
          to="/alerts"
          search={(now) => ({ ...now, detectionId: alert.detectionId })}
          title="Other alerts of this detection"
        >
          <Untrusted text={alert.title} limit={120} fixed />
        </Link>
        <div className="under">
          <Untrusted text={alert.detectionId} mono limit={128} fixed />
        </div>
      </Fact>
      <Fact name={alert.entity.kind}>
        <Link
          to="/alerts"
          search={(now) => ({ ...now, entity: alert.entity.id })}
          title={`Other alerts about this ${alert.entity.kind}`}
        >
          <Untrusted text={alert.entity.id} limit={120} fixed />
        </Link>
      </Fact>
      {alert.sessionId !== undefined && (
        <Fact name="Session">
          <Link
            to="/sessions/$sessionId"
            params={{ sessionId: alert.sessionId }}
            search={alert.evidence[0] === undefined ? {} : { event: alert.evidence[0].eventId }}
          >
            <Untrusted text={alert.sessionId} mono limit={64} fixed />
          </Link>
        </Fact>
      )}
      <Fact name="Last seen">
        <Time at={alert.lastSeen} as="instant" />
        <div className="under">
          <Time at={alert.lastSeen} as="ago" />
        </div>
      </Fact>
      <Fact name="Findings">{formatCount(alert.count)}</Fact>
      {alert.completeness !== undefined && (
        <Fact name="Telemetry seen">
          <meter
            min={0}
            max={1}
            low={0.9}
            high={0.99}
            optimum={1}
            value={alert.completeness}
            aria-label="Share of the session’s telemetry that was seen"
          />{' '}
          {formatShare(alert.completeness)}
        </Fact>
      )}
    </dl>
  );
}

interface SectionProps {
  readonly title: string;
  readonly note?: string;
  readonly children: ReactNode;
}

function Section({ title, note, children }: SectionProps) {
  return (
    <section className="section">
      <h3>
        {title} {note !== undefined && <span className="faint">{note}</span>}
      </h3>
      {children}
    </section>
  );
}

function Mapped({ name, ids }: { readonly name: string; readonly ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <p className="mapped">
      <span className="faint">{name}</span>
      {ids.map((id, index) => (
        <span key={index} className="tag">
          <Untrusted text={id} limit={32} fixed mono />
        </span>
      ))}
    </p>
  );
}
