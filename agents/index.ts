/** The mappings, most specific first: the first one that matches a resource and scope gets all of its records. */
import type { Resource, Scope } from '../schemas/otlp/record.ts';
import { claudeCode } from './claude-code/mapping.ts';
import { codex } from './codex/mapping.ts';
import { copilotCli } from './copilot-cli/mapping.ts';
import { geminiCli } from './gemini-cli/mapping.ts';
import { genai } from './genai/mapping.ts';
import type { Mapping } from './mapping/mapping.ts';
import { opencode } from './opencode/mapping.ts';
import { qwenCode } from './qwen-code/mapping.ts';

export const MAPPINGS: readonly Mapping[] = [codex, claudeCode, geminiCli, qwenCode, opencode, copilotCli, genai];

export function mappingFor(resource: Resource, scope: Scope): Mapping | undefined {
  return MAPPINGS.find((mapping) => mapping.matches(resource, scope));
}
