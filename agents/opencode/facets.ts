/**
 * What this agent's events look like. Generated from its captures and from `test-support/records.ts`:
 * `UPDATE_REFERENCE=1 npm run jest -- agents/facets` rewrites it.
 */
import type { AgentFacets } from '../facet.ts';

export const facets: AgentFacets = {
  context: ['agentVersion', 'traceId', 'spanId', 'cwd', 'scope'],
  captured: [
    { is: { category: 'command', action: 'run', outcome: 'failure' }, has: ['callId', 'durationMs', 'commandLine', 'program', 'arguments', 'exitCode', 'outputBytes', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'success' }, has: ['callId', 'durationMs', 'commandLine', 'program', 'arguments', 'exitCode', 'outputBytes', 'toolName'] },
    { is: { category: 'file', action: 'create', outcome: 'success', fileOperation: 'create' }, has: ['callId', 'durationMs', 'filePath', 'fileBytes', 'toolName'] },
    { is: { category: 'model', action: 'request', outcome: 'success' }, has: ['durationMs', 'model', 'provider', 'inputTokens', 'outputTokens'] },
    { is: { category: 'session', action: 'start', outcome: 'success' }, has: [] },
  ],
  mapped: [
    { is: { category: 'approval', action: 'decide', outcome: 'denied', decision: 'denied' }, has: ['callId', 'reason', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'denied' }, has: ['callId', 'reason', 'durationMs', 'commandLine', 'program', 'arguments', 'toolName'] },
    { is: { category: 'command', action: 'run', outcome: 'unknown' }, has: ['callId', 'durationMs', 'commandLine', 'program', 'arguments', 'toolName'] },
    { is: { category: 'file', action: 'delete', outcome: 'success', fileOperation: 'delete' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'move', outcome: 'success', fileOperation: 'move' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'read', outcome: 'failure', fileOperation: 'read' }, has: ['callId', 'reason', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'read', outcome: 'success', fileOperation: 'read' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'search', outcome: 'success', fileOperation: 'search' }, has: ['callId', 'durationMs', 'toolName'] },
    { is: { category: 'file', action: 'update', outcome: 'failure', fileOperation: 'update' }, has: ['callId', 'reason', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'file', action: 'update', outcome: 'success', fileOperation: 'update' }, has: ['callId', 'durationMs', 'filePath', 'toolName'] },
    { is: { category: 'model', action: 'error', outcome: 'failure' }, has: ['reason', 'durationMs', 'model', 'provider'] },
    { is: { category: 'network', action: 'fetch', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'networkHost', 'networkPort', 'networkProtocol', 'toolName'] },
    { is: { category: 'network', action: 'fetch', outcome: 'success' }, has: ['callId', 'durationMs', 'networkHost', 'networkPort', 'networkProtocol', 'toolName'] },
    { is: { category: 'network', action: 'search', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName'] },
    { is: { category: 'session', action: 'spawn', outcome: 'success' }, has: ['parentSessionId'] },
    { is: { category: 'tool', action: 'call', outcome: 'failure' }, has: ['callId', 'reason', 'durationMs', 'toolName'] },
    { is: { category: 'tool', action: 'call', outcome: 'success' }, has: ['callId', 'durationMs', 'toolName'] },
  ],
};
