/** Captured requests of real agents, as they were sent. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AGENTS } from '../../../agents/index.ts';
import { packageRoot } from '../../../platform/files/package-root.ts';

export interface CapturedRequest {
  readonly scenario: string;
  readonly signal: 'logs' | 'traces' | 'metrics';
  readonly contentType: string;
  readonly body: Buffer;
}

const folderOf = (agent: string): string => join(packageRoot, 'agents', agent, 'captures');

/** Agents with captures of their own; those of the others were written from documentation. */
export const CAPTURED_AGENTS = AGENTS.filter(({ writtenFrom }) => writtenFrom === 'captures').map(({ name }) => name);

/** OTLP/HTTP requests of one agent, in the order they were sent, decompressed; gRPC captures are left out. */
export function capturedRequests(agent: string): readonly CapturedRequest[] {
  return readdirSync(folderOf(agent))
    .filter((name) => !name.endsWith('.md'))
    .sort()
    .flatMap((scenario) => {
      const index = JSON.parse(readFileSync(join(folderOf(agent), scenario, 'index.json'), 'utf8')) as {
        requests: { file: string; signal: CapturedRequest['signal']; contentType: string }[];
      };
      return index.requests
        .filter(({ file }) => !file.endsWith('.grpc'))
        .map(({ file, signal, contentType }) => ({
          scenario: `${agent}/${scenario}`,
          signal,
          contentType,
          body: bodyOf(join(folderOf(agent), scenario, file)),
        }));
    });
}

function bodyOf(path: string): Buffer {
  const sent = readFileSync(path);
  return path.endsWith('.gz') ? gunzipSync(sent) : sent;
}

const UUID = /[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/g;

/** The same request of another session: the first eight digits of every UUID are replaced, nothing changes its length. */
export function asCopy(request: CapturedRequest, copy: number): CapturedRequest {
  const digits = (copy >>> 0).toString(16).padStart(8, '0');
  return { ...request, body: Buffer.from(request.body.toString('latin1').replace(UUID, digits), 'latin1') };
}

export async function post(
  otlp: string,
  request: CapturedRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${otlp}/v1/${request.signal}`, {
    method: 'POST',
    headers: { 'content-type': request.contentType, ...headers },
    body: new Uint8Array(request.body),
  });
}
