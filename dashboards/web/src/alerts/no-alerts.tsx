/**
 * The empty list: everything is filtered out, nothing is unusual, or nothing has ever arrived; each case with the next
 * step.
 */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from 'react-aria-components/Button';
import { anySessionQuery } from '../api/queries.ts';
import { Loading, Notice } from '../frame/notice.tsx';
import { PointAgentHere } from '../frame/point-agent-here.tsx';

export interface NoAlertsProps {
  readonly tenant: string | undefined;
  readonly filtered: boolean;
  readonly onClear: () => void;
}

export function NoAlerts({ tenant, filtered, onClear }: NoAlertsProps) {
  const sessions = useQuery({ ...anySessionQuery(tenant), enabled: !filtered });
  if (filtered)
    return (
      <Notice
        title="No alert matches these filters"
        actions={
          <Button className="button primary" onPress={onClear}>
            Clear the filters
          </Button>
        }
      >
        <p>Alerts that arrive and match will wait above this list.</p>
      </Notice>
    );
  if (sessions.isPending) return <Loading what="what has been seen so far" rows={2} />;
  if ((sessions.data?.items.length ?? 0) > 0)
    return (
      <Notice
        title="Nothing unusual"
        actions={
          <Link to="/sessions" className="button primary">
            Look at the sessions
          </Link>
        }
      >
        <p>Agents are being watched and nothing has raised an alert. New ones will wait above this list.</p>
      </Notice>
    );
  return <PointAgentHere what="alerts" tenant={tenant} />;
}
