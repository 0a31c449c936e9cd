/**
 * Converts what an author reports to attributes, named by OpenTelemetry's conventions or else by `AGENT_ATTRIBUTES`.
 */
import { createHash } from 'node:crypto';
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { AGENT_ATTRIBUTES } from '../schemas/records/agent-attributes.ts';
import { messageOf } from './error-guard.ts';
import type {
  ApprovalOptions,
  CommandOptions,
  CommandResult,
  EndOptions,
  FileOptions,
  FileResult,
  McpCallOptions,
  ModelCallOptions,
  ModelResult,
  NetworkOptions,
  NetworkResult,
  ToolCallOptions,
  ToolResult,
  TurnOptions,
} from './options.ts';

/** Values that may be missing or have a wrong type; those are left out. */
export type Values = Readonly<Record<string, unknown>>;

const MAX_TEXT = 1_048_576;

/** @param onCut called for each text that is truncated */
export function attributesOf(values: Values, onCut: () => void): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) attributes[key] = value;
    if (typeof value !== 'string' || value === '') continue;
    const text = value.toWellFormed();
    attributes[key] = text.slice(0, MAX_TEXT).toWellFormed();
    if (text.length <= MAX_TEXT) continue;
    attributes[`vigil.cut.${key}`] = text.length;
    onCut();
  }
  return attributes;
}

/** Name and attributes of a span when it starts. */
export interface SpanStart {
  readonly name: string;
  readonly values: Values;
}

const HASH_DIGITS = 32; // 128 bits

export function turnStart({ prompt, model, provider }: TurnOptions, agent: Values, captureContent: boolean): SpanStart {
  return {
    name:
      typeof agent['gen_ai.agent.name'] === 'string' ? `invoke_agent ${agent['gen_ai.agent.name']}` : 'invoke_agent',
    values: {
      'gen_ai.operation.name': 'invoke_agent',
      ...agent,
      'gen_ai.request.model': model,
      'gen_ai.provider.name': provider,
      ...(prompt === undefined
        ? {}
        : {
            [AGENT_ATTRIBUTES.promptLength]: prompt.length,
            [AGENT_ATTRIBUTES.promptHash]: createHash('sha256').update(prompt).digest('hex').slice(0, HASH_DIGITS),
            'gen_ai.input.messages': captureContent
              ? JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: prompt }] }])
              : undefined,
          }),
    },
  };
}

export function modelStart({ model, provider }: ModelCallOptions): SpanStart {
  return {
    name: `chat ${model}`,
    values: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': model, 'gen_ai.provider.name': provider },
  };
}

export function modelEnded(result: ModelResult): Values {
  return {
    'gen_ai.response.model': result.model,
    'gen_ai.usage.input_tokens': result.inputTokens,
    'gen_ai.usage.output_tokens': result.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': result.cacheReadTokens,
    [AGENT_ATTRIBUTES.costUsd]: result.costUsd,
  };
}

function toolStart(tool: string, values: Values): SpanStart {
  return {
    name: `execute_tool ${tool}`,
    values: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, ...values },
  };
}

export function plainToolStart(options: ToolCallOptions, captureContent: boolean): SpanStart {
  return toolStart(options.tool, {
    'gen_ai.tool.call.arguments': captureContent ? JSON.stringify(options.arguments) : undefined,
  });
}

export function toolEnded({ result }: ToolResult, captureContent: boolean): Values {
  return captureContent ? { 'gen_ai.tool.call.result': result } : { 'gen_ai.tool.call.result.length': result?.length };
}

export function commandStart({ commandLine, cwd, tool = 'shell' }: CommandOptions): SpanStart {
  return toolStart(tool, { 'process.command_line': commandLine, 'process.working_directory': cwd });
}

export function commandEnded({ exitCode, outputBytes }: CommandResult): Values {
  return { 'process.exit.code': exitCode, [AGENT_ATTRIBUTES.outputBytes]: outputBytes };
}

const FILE_TOOLS = {
  read: 'read_file',
  search: 'search_files',
  create: 'write_file',
  update: 'edit_file',
  delete: 'delete_file',
  move: 'move_file',
};

export function fileStart({ path, operation, movedFrom, bytes, tool = FILE_TOOLS[operation] }: FileOptions): SpanStart {
  return toolStart(tool, {
    'file.path': path,
    'file.size': bytes,
    [AGENT_ATTRIBUTES.fileOperation]: operation,
    [AGENT_ATTRIBUTES.movedFrom]: movedFrom,
  });
}

export function fileEnded({ bytes }: FileResult): Values {
  return { 'file.size': bytes };
}

export function networkStart({ url, host, port, protocol, method, tool = 'fetch' }: NetworkOptions): SpanStart {
  return toolStart(tool, {
    'url.full': url === undefined ? undefined : withoutCredentials(url),
    'server.address': host,
    'server.port': port,
    'network.protocol.name': protocol,
    'http.request.method': method,
  });
}

/** The conventions require this: `https://user:password@host/` must not contain the password. */
function withoutCredentials(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/?#]*@/, '$1');
}

export function networkEnded({ statusCode, bytesOut, bytesIn }: NetworkResult): Values {
  return {
    'http.response.status_code': statusCode,
    'http.request.body.size': bytesOut,
    'http.response.body.size': bytesIn,
  };
}

export function mcpStart(options: McpCallOptions, captureContent: boolean): SpanStart {
  return toolStart(options.tool, {
    'mcp.method.name': 'tools/call',
    'mcp.server.name': options.server,
    'gen_ai.tool.call.arguments': captureContent ? JSON.stringify(options.arguments) : undefined,
  });
}

export function approvalTold({ decision, scope, source, callId, tool, commandLine }: ApprovalOptions): Values {
  return {
    [AGENT_ATTRIBUTES.event]: 'approval',
    [AGENT_ATTRIBUTES.decision]: decision,
    [AGENT_ATTRIBUTES.decisionScope]: scope,
    [AGENT_ATTRIBUTES.decisionSource]: source,
    'gen_ai.tool.call.id': callId,
    'gen_ai.tool.name': tool,
    'process.command_line': commandLine,
  };
}

/** Returns the outcome of an activity and, if it failed, the message for the span's status. */
export function outcomeOf({ outcome, error }: EndOptions): { readonly values: Values; readonly failure?: string } {
  const failed = error !== undefined && error !== null;
  const values = {
    [AGENT_ATTRIBUTES.outcome]: outcome,
    'error.type': failed ? errorType(error) : outcome === 'failure' ? '_OTHER' : undefined,
  };
  if (!failed) return outcome === 'failure' ? { values, failure: '' } : { values };
  return { values, failure: error instanceof Error ? messageOf(error).slice(0, 1_024) : '' };
}

function errorType(error: unknown): string {
  return error instanceof Error ? error.name : messageOf(error).slice(0, 256);
}
