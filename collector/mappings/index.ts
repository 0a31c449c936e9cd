/** The mappings, most specific first: the first one that matches a resource and scope gets all of its records. */
import type { Resource, Scope } from '../otlp/record.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { copilotCli } from './copilot-cli.ts';
import { geminiCli } from './gemini-cli.ts';
import { genai } from './genai.ts';
import type { Mapping } from './mapping.ts';
import { opencode } from './opencode.ts';
import { qwenCode } from './qwen-code.ts';

export const MAPPINGS: readonly Mapping[] = [codex, claudeCode, geminiCli, qwenCode, opencode, copilotCli, genai];

export function mappingFor(resource: Resource, scope: Scope): Mapping | undefined {
  return MAPPINGS.find((mapping) => mapping.matches(resource, scope));
}
