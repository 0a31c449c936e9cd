/** For tests of the mappings: the captured scenarios and every record of them, mapped. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { mappingFor } from '../../../agents/index.ts';
import type { Mapped } from '../../../agents/mapping/mapping.ts';
import { readJson } from '../../../collector/otlp/json/read-json.ts';
import { readProtobuf } from '../../../collector/otlp/protobuf/read-protobuf.ts';
import type { ProtectedDraft } from '../../../collector/privacy/privacy.ts';
import { withoutContent } from '../../../collector/privacy/protection.ts';
import { packageRoot } from '../../../platform/files/package-root.ts';
import type { FlatRecord } from '../../../schemas/otlp/record.ts';

const folderOf = (agent: string): string => join(packageRoot, 'agents', agent, 'captures');
const GRPC_FRAME = 5; // one byte of flags, four of length

export const AGENTS = ['codex', 'claude-code', 'gemini-cli', 'qwen-code', 'opencode', 'copilot-cli', 'genai'] as const;
export type Agent = (typeof AGENTS)[number];

export interface CapturedCommand {
  readonly command: string;
  readonly ok: boolean;
  readonly exit?: number;
  readonly background?: boolean;
}

export interface CaptureIndex {
  readonly requests: readonly { readonly file: string; readonly signal: 'logs' | 'traces' | 'metrics' }[];
  readonly conversationId?: string;
  readonly sessionId?: string;
  readonly telemetry?: { readonly details: boolean; readonly prompts: boolean };
  readonly prompts?: readonly string[];
  readonly commands?: readonly CapturedCommand[];
  readonly fileChanges?: readonly { readonly path: string; readonly kind: string }[];
  readonly tools?: readonly {
    readonly id: string;
    readonly name: string;
    readonly decision: 'accept' | 'reject' | 'none';
    readonly ok: boolean | null;
  }[];
  readonly denied?: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: Readonly<Record<string, unknown>>;
  }[];
  readonly steps?: readonly Readonly<Record<string, unknown>>[];
}

export interface MappedRecord {
  readonly record: FlatRecord;
  readonly mapped: Mapped;
}

export interface MappedRequest {
  readonly file: string;
  readonly signal: 'logs' | 'traces' | 'metrics';
  /** As the reader counted them. */
  readonly recordCount: number;
  readonly records: readonly MappedRecord[];
}

export const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

export function scenariosOf(agent: Agent): readonly string[] {
  return readdirSync(folderOf(agent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export function indexOf(agent: Agent, scenario: string): CaptureIndex {
  return JSON.parse(readFileSync(join(folderOf(agent), scenario, 'index.json'), 'utf8')) as CaptureIndex;
}

export const isJson = (file: string): boolean => /\.json(?:\.gz)?$/.test(file);

/** A request as it was sent, decompressed. */
export function bodyOf(agent: Agent, scenario: string, file: string): Buffer {
  const body = readFileSync(join(folderOf(agent), scenario, file));
  return file.endsWith('.gz') ? gunzipSync(body) : body;
}

export function mapScenario(agent: Agent, scenario: string): readonly MappedRequest[] {
  return indexOf(agent, scenario).requests.map(({ file, signal }) => {
    const body = bodyOf(agent, scenario, file);
    const records: MappedRecord[] = [];
    const onRecord = (record: FlatRecord): void => {
      const mapping = mappingFor(record.resource, record.scope);
      const mapped: Mapped =
        mapping === undefined ? { kind: 'skip', reason: 'unknown_source' } : mapping.map(record, hash);
      records.push({ record, mapped });
    };
    const recordCount = isJson(file)
      ? readJson(signal, body, onRecord)
      : readProtobuf(signal, file.endsWith('.grpc') ? body.subarray(GRPC_FRAME) : body, onRecord);
    return { file, signal, recordCount, records };
  });
}

/** Drafts as the collector keeps them under a policy that keeps no content. */
export function eventsIn(requests: readonly MappedRequest[]): readonly ProtectedDraft[] {
  return requests.flatMap(({ records }) =>
    records.flatMap(({ mapped }) => (mapped.kind === 'events' ? mapped.events.map(withoutContent) : [])),
  );
}

/** `kind` or `kind:reason`, as the golden files count them. */
export function fateOf(mapped: Mapped): string {
  return mapped.kind === 'events' ? 'events' : `${mapped.kind}:${mapped.reason}`;
}

export const goldenPath = (agent: Agent, scenario: string): string =>
  join(folderOf(agent), scenario, 'events.golden.json');

export function readGolden(agent: Agent, scenario: string): string | undefined {
  const path = goldenPath(agent, scenario);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
