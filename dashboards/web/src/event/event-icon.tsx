/** The icon of an event's kind. A prevented event of any kind has the stop icon. */
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';
import { Icon, type IconName } from '../controls/icons.tsx';
import { isStopped } from './describe.ts';

const ICONS: Readonly<Record<AgentEvent['category'], IconName>> = {
  prompt: 'prompt',
  command: 'command',
  file: 'file',
  network: 'network',
  approval: 'approval',
  sandbox: 'sandbox',
  tool: 'tool',
  mcp: 'mcp',
  model: 'model',
  session: 'session',
  auth: 'session',
  config: 'session',
  telemetry: 'session',
};

export function EventIcon({ event }: { readonly event: AgentEvent }) {
  return <Icon name={isStopped(event) ? 'stop' : ICONS[event.category]} />;
}
