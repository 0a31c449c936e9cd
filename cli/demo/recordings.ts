/**
 * Recorded sessions of real agents, moved to the present: times are shifted, session ids are replaced, nothing else
 * changes.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ShellError } from '../../platform/shell-error.ts';
import { packageRoot } from '../../platform/files/package-root.ts';

export interface DemoRequest {
  readonly signal: 'logs' | 'traces';
  /** OTLP/JSON. */
  readonly body: string;
}

const FOLDER = join(packageRoot, 'agents');

const folderOf = (session: string): string => join(FOLDER, session.replace('/', '/captures/'));

/**
 * Chosen to show approvals, refusals, the sandbox, network decisions, sub-agents, and an agent that changes its own
 * settings.
 */
const SESSIONS = [
  'codex/basic-json',
  'codex/user-approvals',
  'codex/network-policy',
  'codex/full-access',
  'codex/escalation-refused',
  'codex/auto-review',
  'claude-code/basic',
  'claude-code/denied',
  'claude-code/sub-agent',
  'claude-code/user-approvals',
  'claude-code/self-config-bypass',
  'claude-code/mcp',
] as const;

const Index = z.object({
  conversationId: z.string(),
  requests: z.array(z.object({ file: z.string(), signal: z.enum(['logs', 'traces', 'metrics']) })),
});

const NANOS = /"((?:observedT|startT|endT|t)imeUnixNano)":(\s*)"(\d+)"/g;
const ISO = /"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"/g;
const NANOS_PER_MS = 1_000_000n;

/** @throws ShellError NO_RECORDINGS when Vigil was installed without them, as in the container image */
export function assertRecorded(): void {
  if (SESSIONS.every((session) => existsSync(join(folderOf(session), 'index.json')))) return;
  throw new ShellError(
    'NO_RECORDINGS',
    `--demo plays recorded sessions from ${FOLDER}, which this installation does not have`,
    {
      retryable: false,
    },
  );
}

/** @param endMs when the last of them ended, ms since epoch; their ends are two minutes apart */
export function recordedRequests(endMs: number): readonly DemoRequest[] {
  return SESSIONS.flatMap((session, index) => requestsOf(session, endMs - (SESSIONS.length - index) * 120_000));
}

function requestsOf(session: string, endMs: number): readonly DemoRequest[] {
  const index = Index.parse(JSON.parse(readFileSync(join(folderOf(session), 'index.json'), 'utf8')));
  const bodies = index.requests
    .filter((request) => request.file.endsWith('.json'))
    .map(({ file, signal }) => ({ signal, text: readFileSync(join(folderOf(session), file), 'utf8') }));
  let last = 0n;
  for (const { text } of bodies)
    for (const match of text.matchAll(NANOS)) last = BigInt(match[3] ?? 0) > last ? BigInt(match[3] ?? 0) : last;
  const shift = BigInt(endMs) * NANOS_PER_MS - last;
  const shiftMs = Number(shift / NANOS_PER_MS);
  const id = randomUUID();
  return bodies.flatMap(({ signal, text }) =>
    signal === 'metrics'
      ? []
      : [
          {
            signal,
            body: text
              .replace(
                NANOS,
                (_, key: string, space: string, nanos: string) =>
                  `"${key}":${space}"${nanos === '0' ? '0' : String(BigInt(nanos) + shift)}"`,
              )
              .replace(ISO, (_, iso: string) => `"${new Date(Date.parse(iso) + shiftMs).toISOString()}"`)
              .replaceAll(index.conversationId, id),
          },
        ],
  );
}
