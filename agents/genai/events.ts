/** Events about sessions and approvals, for which the conventions have no operation (`AGENT_ATTRIBUTES`). */
import { AGENT_ATTRIBUTES, type AgentEventName } from '../../schemas/records/agent-attributes.ts';
import { DecisionScope } from '../../schemas/records/agent-event.ts';
import type { DraftPart } from '../mapping/event-draft.ts';
import type { Failure } from './tools.ts';
import type { RecordFields } from '../mapping/record-fields.ts';
import { decisionOf, decisionSourceOf, outcomeOfDecision } from '../mapping/vocabulary.ts';

export function agentEventPart(name: AgentEventName, fields: RecordFields, failure: Failure): DraftPart {
  fields.drop(AGENT_ATTRIBUTES.event);
  switch (name) {
    case 'session.start':
      return sessionStart(fields);
    case 'session.end':
      return { category: 'session', action: 'end', ...failure };
    case 'approval':
      return approval(fields);
    default:
      return name satisfies never;
  }
}

function sessionStart(fields: RecordFields): DraftPart {
  const parentSessionId = fields.text(AGENT_ATTRIBUTES.parentSessionId);
  return {
    category: 'session',
    action: parentSessionId === undefined ? 'start' : 'spawn',
    outcome: 'success',
    parentSessionId,
    approvalMode: fields.text(AGENT_ATTRIBUTES.approvalMode),
    sandboxMode: fields.text(AGENT_ATTRIBUTES.sandboxMode),
  };
}

function approval(fields: RecordFields): DraftPart {
  const word = fields.seeText(AGENT_ATTRIBUTES.decision);
  const decided = decisionOf(word);
  if (decided.decision !== 'unknown') fields.drop(AGENT_ATTRIBUTES.decision);
  const scope = DecisionScope.safeParse(fields.see(AGENT_ATTRIBUTES.decisionScope)).data;
  if (scope !== undefined) fields.drop(AGENT_ATTRIBUTES.decisionScope);
  return {
    category: 'approval',
    action: 'decide',
    outcome: outcomeOfDecision(decided.decision),
    ...decided,
    decisionScope: scope ?? decided.decisionScope,
    decisionSource: decisionSourceOf(fields.text(AGENT_ATTRIBUTES.decisionSource)),
    approvalMode: fields.text(AGENT_ATTRIBUTES.approvalMode),
    callId: fields.text('gen_ai.tool.call.id'),
    toolName: fields.text('gen_ai.tool.name'),
    commandLine: fields.text('process.command_line'),
  };
}
