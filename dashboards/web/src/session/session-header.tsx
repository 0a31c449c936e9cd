/** Summarises a session; every count opens the events that it counts. */
import { Link } from '@tanstack/react-router';
import type { Category } from '../../../../schemas/records/agent-event.ts';
import type { Alert } from '../../../../schemas/records/alert.ts';
import type { SessionSummary, SessionTelemetry } from '../../../../schemas/api/sessions.ts';
import { formatCompact, formatCost, formatCount, formatDuration, formatShare, plural } from '../format/quantity.ts';
import { Fact } from '../controls/fact.tsx';
import { Time } from '../frame/preferences.tsx';
import { SeverityShape } from '../controls/severity.tsx';
import { SEVERITIES, type Focus } from '../search.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';

export interface SessionHeaderProps {
  readonly session: SessionSummary;
  readonly telemetry: SessionTelemetry;
  readonly alerts: readonly Alert[];
  readonly onOnly: (focus: Focus) => void;
  readonly onShow: (category: Category) => void;
}

/** If there are more alerts than this, they are a list of their own. */
const ALERTS_SHOWN = 6;

export function SessionHeader({ session, telemetry, alerts, onOnly, onShow }: SessionHeaderProps) {
  const worstFirst = [...alerts].sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.time - a.time,
  );
  const doors: readonly {
    readonly name: string;
    /** Singular of the name. */
    readonly one?: string;
    readonly count: number;
    readonly tone?: string;
    readonly open: () => void;
  }[] = [
    { name: 'prompts', one: 'prompt', count: session.prompts, open: () => onShow('prompt') },
    { name: 'commands', one: 'command', count: session.commands, open: () => onShow('command') },
    { name: 'failed', count: session.failedCommands, tone: 'fail', open: () => onOnly('failures') },
    { name: 'file changes', one: 'file change', count: session.fileChanges, open: () => onShow('file') },
    { name: 'network', count: session.networkEvents, open: () => onShow('network') },
    { name: 'denials', one: 'denial', count: session.denials, tone: 'stop', open: () => onOnly('stops') },
  ];
  return (
    <header className="session-head">
      <p className="crumb">
        <Link to="/sessions">Sessions</Link>
        {session.parentSessionId !== undefined && (
          <>
            {' / started by '}
            <Link to="/sessions/$sessionId" params={{ sessionId: session.parentSessionId }}>
              <Untrusted text={session.parentSessionId} mono limit={48} fixed />
            </Link>
          </>
        )}
      </p>
      <h1>
        <Untrusted text={session.agentName} limit={64} fixed />{' '}
        {session.agentVersion !== undefined && (
          <span className="faint">
            <Untrusted text={session.agentVersion} limit={32} fixed />
          </span>
        )}{' '}
        for <Untrusted text={session.userEmail ?? session.userId ?? session.actor} limit={80} fixed />
      </h1>
      <p className="session-id">
        <Untrusted text={session.sessionId} mono limit={96} />
      </p>
      <dl className="facts wide">
        <Fact name="Started">
          <Time at={session.firstSeen} as="instant" />
        </Fact>
        <Fact name="Lasted">{formatDuration(session.lastSeen - session.firstSeen)}</Fact>
        <Text name="Host" text={session.host} />
        <Text name="Repository" text={session.repository} />
        <Text name="Folder" text={session.cwd} mono />
        <Text name="Approval mode" text={modesOf(session.approvalModes, session.approvalMode)} />
        <Text name="Sandbox" text={modesOf(session.sandboxModes, session.sandboxMode)} />
        <Text
          name={session.models.length > 1 ? 'Models' : 'Model'}
          text={session.models.length === 0 ? undefined : session.models.join(', ')}
        />
        <Fact name="Tokens">
          <span title={`${formatCount(session.inputTokens)} read, ${formatCount(session.outputTokens)} written`}>
            {formatCompact(session.inputTokens)} read, {formatCompact(session.outputTokens)} written
          </span>
        </Fact>
        <Fact name="Cost">
          {session.costUsd === 0 ? <span className="faint">not reported</span> : formatCost(session.costUsd)}
        </Fact>
        <Text name="Actor" text={session.actor} />
        <Fact name="Telemetry">{telemetryText(telemetry)}</Fact>
      </dl>
      <div className="doors">
        {doors.map(({ name, one, count, tone, open }) => (
          <button
            key={name}
            type="button"
            className={`door ${count === 0 ? 'none' : (tone ?? '')}`}
            onClick={open}
            disabled={count === 0}
          >
            <strong>{formatCompact(count)}</strong> {count === 1 ? (one ?? name) : name}
          </button>
        ))}
      </div>
      {worstFirst.length > 0 && (
        <ul className="session-alerts" aria-label="Alerts of this session">
          {worstFirst.slice(0, ALERTS_SHOWN).map((alert) => (
            <li key={alert.alertId} className={`sev-${alert.severity}`}>
              <Link to="/alerts" search={{ alert: alert.alertId }}>
                <SeverityShape level={alert.severity} />
                <span className="clamp">
                  <Untrusted text={alert.summary} limit={200} fixed />
                </span>
              </Link>
            </li>
          ))}
          {worstFirst.length > ALERTS_SHOWN && (
            <li>
              <button type="button" className="fold" onClick={() => onOnly('alerts')}>
                {worstFirst.length - ALERTS_SHOWN} more, at their events
              </button>
            </li>
          )}
        </ul>
      )}
    </header>
  );
}

/**
 * `default → bypassPermissions → default`: each mode in the order of its first use, followed by the last one in force.
 */
function modesOf(modes: readonly string[], last: string | undefined): string | undefined {
  const all = last === undefined || modes.at(-1) === last ? modes : [...modes, last];
  return all.length === 0 ? undefined : all.join(' → ');
}

/** Says how much of the telemetry that the agent must have sent was seen, and what it did not report. */
function telemetryText(telemetry: SessionTelemetry): string {
  const { completeness, recordsExpected = 0, recordsSeen = 0, restarts = 0 } = telemetry;
  const missing = Math.max(0, recordsExpected - recordsSeen);
  const parts: readonly (string | false)[] = [
    completeness === undefined
      ? 'not numbered by the agent'
      : missing === 0
        ? 'complete'
        : `${formatShare(completeness)} seen, ${plural(missing, 'record')} missing`,
    restarts > 0 && plural(restarts, 'restart'),
    telemetry.callsWithoutResult > 0 && `${plural(telemetry.callsWithoutResult, 'call')} without a result`,
    telemetry.resultsWithoutDecision > 0 && `${plural(telemetry.resultsWithoutDecision, 'result')} without a decision`,
    telemetry.commandsWithoutLine > 0 && `${plural(telemetry.commandsWithoutLine, 'command')} without a line`,
    telemetry.filesWithoutPath > 0 && `${plural(telemetry.filesWithoutPath, 'file')} without a path`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

/** A field that the agent may not report; then it takes no space. */
function Text({
  name,
  text,
  mono = false,
}: {
  readonly name: string;
  readonly text: string | undefined;
  readonly mono?: boolean;
}) {
  if (text === undefined || text === '') return null;
  return (
    <Fact name={name}>
      <Untrusted text={text} limit={120} mono={mono} />
    </Fact>
  );
}
