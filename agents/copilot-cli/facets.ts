/**
 * What this agent's events look like. Generated from its captures and from `test-support/records.ts`:
 * `UPDATE_REFERENCE=1 npm run jest -- agents/facets` rewrites it.
 */
import type { AgentFacets } from '../facet.ts';

export const facets: AgentFacets = {
  context: ['agentVersion', 'agentId', 'turnId', 'traceId', 'spanId', 'scope'],
  captured: [
    { is: { category: 'approval', action: 'decide', outcome: 'denied', decision: 'denied' }, has: ['decisionSource', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'commandLine', 'program', 'arguments', 'exitCode', 'outputBytes', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'success' }, has: ['callId', 'durationMs', 'exitCode', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'unknown' }, has: ['callId', 'durationMs', 'toolName'] },
    { is: { category: 'file', action: 'create', outcome: 'success', fileOperation: 'create' }, has: ['callId', 'durationMs', 'filePath', 'fileBytes', 'toolName'] },
    { is: { category: 'file', action: 'delete', outcome: 'success', fileOperation: 'delete' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'read', outcome: 'success', fileOperation: 'read' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'search', outcome: 'success', fileOperation: 'search' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'update', outcome: 'success', fileOperation: 'update' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'mcp', action: 'call', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName', 'mcpServer'] },
    { is: { category: 'mcp', action: 'connect', outcome: 'failure' }, has: ['reason', 'mcpServer'] },
    { is: { category: 'mcp', action: 'connect', outcome: 'success' }, has: ['mcpServer'] },
    { is: { category: 'model', action: 'compact', outcome: 'success' }, has: [] },
    { is: { category: 'model', action: 'error', outcome: 'failure' }, has: ['reason', 'durationMs', 'model', 'provider'] },
    { is: { category: 'model', action: 'request', outcome: 'success' }, has: ['durationMs', 'model', 'provider', 'inputTokens', 'outputTokens'] },
    { is: { category: 'network', action: 'fetch', outcome: 'success' }, has: ['callId', 'durationMs', 'networkHost', 'networkPort', 'networkProtocol', 'toolName'] },
    { is: { category: 'prompt', action: 'submit', outcome: 'success' }, has: ['contentLength', 'contentHash'] },
    { is: { category: 'sandbox', action: 'report', outcome: 'success', sandboxOutcome: 'inactive' }, has: ['callId'] },
    { is: { category: 'session', action: 'end', outcome: 'success' }, has: [] },
    { is: { category: 'session', action: 'turn', outcome: 'success' }, has: ['durationMs', 'model', 'provider'] },
    { is: { category: 'tool', action: 'call', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'toolName'] },
    { is: { category: 'tool', action: 'call', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName'] },
    { is: { category: 'tool', action: 'hook', outcome: 'denied' }, has: ['durationMs'] },
    { is: { category: 'tool', action: 'hook', outcome: 'failure' }, has: ['reason'] },
    { is: { category: 'tool', action: 'hook', outcome: 'success' }, has: ['durationMs'] },
    { is: { category: 'tool', action: 'skill', outcome: 'success' }, has: ['toolName'] },
  ],
  mapped: [
  ],
};
