/**
 * Marks an event that comes from the text of a prompt: anybody who writes a prompt can write the same, and the agent
 * does not confirm it.
 */
import type { AgentEvent } from '../../../../schemas/records/agent-event.ts';

const TOLD_BY = 'vigil.told_by';

export function ClaimedTag({ event: { attributes } }: { readonly event: AgentEvent }) {
  if (attributes[TOLD_BY] === undefined) return null;
  return (
    <span
      className="tag claimed"
      title="The text of a prompt claims this, and anybody who writes a prompt could have written it; the agent does not confirm it"
    >
      claimed by a prompt
    </span>
  );
}
