/** Which agents can feed a detection: the fields each mapping has been seen to fill, and the settings some of them need. Pure. */
import type { Requirement } from './detection.ts';
import type { AgentEventField } from './literals.ts';

export interface AgentSource {
  readonly agent: string;
  readonly fields: ReadonlySet<AgentEventField>;
  /** Fields that the agent only exports with a setting of its own. */
  readonly settings: Readonly<Partial<Record<AgentEventField, string>>>;
}

/** What the collector stamps on every event, and what every agent tells of a session. */
const ALWAYS = [
  'eventId', 'tenant', 'actor', 'sender', 'agentName', 'sessionId', 'time', 'receivedAt', 'category', 'action', 'outcome', 'signal', 'mapping', 'attributes',
] as const satisfies readonly AgentEventField[]; // prettier-ignore

/** From the account that is signed in, or from `OTEL_RESOURCE_ATTRIBUTES`. */
const IDENTITY = ['userId', 'userEmail', 'host', 'repository'] as const satisfies readonly AgentEventField[];

/** In the mappings of all three. */
const COMMON = [
  'agentId', 'agentVersion', 'callId', 'traceId', 'spanId', 'scope', 'reason', 'durationMs', 'commandLine', 'program', 'arguments', 'exitCode', 'outputBytes', 'filePath', 'fileOperation', 'fileBytes', 'networkHost', 'networkPort', 'networkProtocol', 'toolName', 'mcpServer', 'model', 'provider', 'inputTokens', 'outputTokens', 'contentLength', 'contentHash',
] as const satisfies readonly AgentEventField[]; // prettier-ignore

const DETAILS = 'OTEL_LOG_TOOL_DETAILS=1';

export const AGENT_SOURCES: readonly AgentSource[] = [
  source('codex', ['approvalMode', 'decision', 'decisionScope', 'decisionSource', 'networkMethod', 'parentSessionId', 'sandboxMode', 'sandboxOutcome', 'sequence', 'turnId'], {
    contentHash: 'log_user_prompt = true',
  }),
  source('claude-code', ['approvalMode', 'costUsd', 'cwd', 'decision', 'decisionScope', 'decisionSource', 'sandboxOutcome', 'sequence', 'turnId'], {
    commandLine: DETAILS, program: DETAILS, arguments: DETAILS, filePath: DETAILS, fileBytes: DETAILS, networkHost: DETAILS, networkPort: DETAILS, networkProtocol: DETAILS,
    contentHash: 'OTEL_LOG_USER_PROMPTS=1',
  }),
  source('genai', ['cwd'], {}),
]; // prettier-ignore

function source(agent: string, own: readonly AgentEventField[], settings: AgentSource['settings']): AgentSource {
  return { agent, fields: new Set([...ALWAYS, ...IDENTITY, ...COMMON, ...own]), settings };
}

export interface Feeder {
  readonly agent: string;
  /** What has to be set in that agent before it exports all the fields; empty where nothing has to be. */
  readonly settings: readonly string[];
}

/** Agents whose events can have all of these fields. */
export function feedersOf(requires: readonly Requirement[]): readonly Feeder[] {
  return AGENT_SOURCES.flatMap(({ agent, fields, settings }) => {
    const needed = requires.map((requirement) => {
      const present = [requirement].flat().filter((field) => fields.has(field));
      // What the agent exports unasked is enough where it is one of several.
      return present.find((field) => settings[field] === undefined) ?? present[0];
    });
    if (needed.includes(undefined)) return [];
    return [{ agent, settings: [...new Set(needed.flatMap((field) => settings[field ?? 'eventId'] ?? []))] }];
  });
}
