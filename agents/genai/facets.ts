/**
 * What this agent's events look like. Generated from its captures and from `test-support/records.ts`:
 * `UPDATE_REFERENCE=1 npm run jest -- agents/facets` rewrites it.
 */
import type { AgentFacets } from '../facet.ts';

export const facets: AgentFacets = {
  context: ['agentVersion', 'agentId', 'turnId', 'traceId', 'spanId', 'cwd', 'sequence', 'scope'],
  captured: [
    { is: { category: 'approval', action: 'decide', outcome: 'denied', decision: 'denied' }, has: ['callId', 'decisionSource', 'toolName'] },
    { is: { category: 'approval', action: 'decide', outcome: 'success', decision: 'approved', decisionScope: 'once' }, has: ['callId', 'decisionSource', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'denied' }, has: ['callId', 'durationMs', 'commandLine', 'program', 'arguments', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'commandLine', 'program', 'arguments', 'exitCode', 'outputBytes', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'success' }, has: ['callId', 'durationMs', 'commandLine', 'program', 'arguments', 'exitCode', 'toolName'] },
    { is: { category: 'config', action: 'register', outcome: 'success' }, has: ['durationMs'] },
    { is: { category: 'file', action: 'create', outcome: 'success', fileOperation: 'create' }, has: ['callId', 'durationMs', 'filePath', 'fileBytes', 'toolName'] },
    { is: { category: 'file', action: 'move', outcome: 'success', fileOperation: 'move' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'read', outcome: 'success', fileOperation: 'read' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'search', outcome: 'success', fileOperation: 'search' }, has: ['callId', 'durationMs', 'toolName'] },
    { is: { category: 'file', action: 'update', outcome: 'success', fileOperation: 'update' }, has: ['callId', 'durationMs', 'filePath', 'fileBytes', 'toolName'] },
    { is: { category: 'mcp', action: 'call', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'toolName', 'mcpServer'] },
    { is: { category: 'mcp', action: 'call', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName', 'mcpServer'] },
    { is: { category: 'mcp', action: 'connect', outcome: 'success' }, has: ['durationMs'] },
    { is: { category: 'mcp', action: 'request', outcome: 'success' }, has: ['durationMs', 'mcpServer'] },
    { is: { category: 'model', action: 'error', outcome: 'failure' }, has: ['reason', 'durationMs', 'model', 'provider'] },
    { is: { category: 'model', action: 'request', outcome: 'success' }, has: ['durationMs', 'model', 'provider', 'inputTokens', 'outputTokens'] },
    { is: { category: 'network', action: 'fetch', outcome: 'success' }, has: ['callId', 'durationMs', 'networkHost', 'networkPort', 'networkProtocol', 'networkMethod', 'bytesOut', 'bytesIn', 'toolName'] },
    { is: { category: 'prompt', action: 'submit', outcome: 'success' }, has: ['contentLength', 'contentHash'] },
    { is: { category: 'session', action: 'end', outcome: 'success' }, has: [] },
    { is: { category: 'session', action: 'start', outcome: 'success', approvalMode: 'on-request', sandboxMode: 'workspace-write' }, has: [] },
    { is: { category: 'session', action: 'turn', outcome: 'success' }, has: ['durationMs', 'model', 'provider'] },
    { is: { category: 'telemetry', action: 'usage', outcome: 'success' }, has: [] },
    { is: { category: 'tool', action: 'call', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'toolName'] },
    { is: { category: 'tool', action: 'call', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName'] },
  ],
  mapped: [
    { is: { category: 'approval', action: 'decide', outcome: 'denied', decision: 'timed_out' }, has: ['decisionSource', 'toolName'] },
    { is: { category: 'approval', action: 'decide', outcome: 'success', decision: 'approved', decisionScope: 'always' }, has: ['decisionSource', 'toolName'] },
    { is: { category: 'file', action: 'delete', outcome: 'success', fileOperation: 'delete' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'network', action: 'search', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName'] },
    { is: { category: 'session', action: 'end', outcome: 'unknown' }, has: [] },
    { is: { category: 'session', action: 'spawn', outcome: 'success', approvalMode: 'on-request', sandboxMode: 'read-only' }, has: ['parentSessionId'] },
    { is: { category: 'session', action: 'start', outcome: 'success', approvalMode: 'never', sandboxMode: 'none' }, has: [] },
  ],
};
