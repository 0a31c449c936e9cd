/** Synthetic records for tests and measurements of the store: valid by the schemas, repeatable from a seed. */
import { createHash } from 'node:crypto';
import type { AgentEvent } from '../../../schemas/records/agent-event.ts';
import type { Alert } from '../../../schemas/records/alert.ts';

const PROGRAMS = ['git', 'ls', 'npm', 'cargo', 'rg', 'sed', 'python3', 'pytest', 'curl', 'make'];
const CATEGORIES = ['command', 'model', 'tool', 'approval', 'file', 'network', 'prompt', 'sandbox'] as const;
const MODELS = ['gpt-5-codex', 'claude-opus', 'gemini-pro'];

const hex = (text: string): string => createHash('md5').update(text).digest('hex');

/** Small, fast and good enough to spread values (mulberry32). */
function randomFrom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SyntheticOptions {
  readonly seed?: number;
  readonly count: number;
  readonly tenant?: string;
  readonly startMs?: number;
  /** Mean distance of two events. */
  readonly stepMs?: number;
  /** Events of one session. */
  readonly perSession?: number;
  /** Sessions that run side by side. */
  readonly concurrent?: number;
}

/** Sessions run side by side, each with a story of prompts, commands, files and tokens. */
export function* syntheticEvents(options: SyntheticOptions): Generator<AgentEvent> {
  const { seed = 1, count, tenant = 'default', startMs = 1_760_000_000_000, stepMs = 50 } = options;
  const { perSession = 100, concurrent = 40 } = options;
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  let time = startMs;
  for (let n = 0; n < count; n += 1) {
    time += Math.floor(random() * 2 * stepMs);
    const lane = n % concurrent;
    const sessionNumber = Math.floor(n / concurrent / perSession) * concurrent + lane;
    const sessionId = `${seed}-session-${sessionNumber}`;
    const user = `u${String(sessionNumber % 200).padStart(3, '0')}`;
    const category = CATEGORIES[Math.floor(random() * random() * CATEGORIES.length)] ?? 'command';
    const event: AgentEvent = {
      eventId: hex(`${seed}/${n}`),
      tenant,
      actor: `local/account:${user}@example.com`,
      sender: 'local',
      userEmail: `${user}@example.com`,
      host: `host-${sessionNumber % 50}`,
      agentName: sessionNumber % 3 === 0 ? 'claude-code' : 'codex',
      agentVersion: '0.1.0',
      sessionId,
      turnId: `${sessionId}/${Math.floor(n / concurrent / 10)}`,
      callId: `call_${n}`,
      cwd: `/home/${user}/src/project-${sessionNumber % 30}`,
      time,
      receivedAt: time + 120,
      sequence: Math.floor(n / concurrent),
      category,
      action: 'execute',
      outcome: random() < 0.9 ? 'success' : 'failure',
      durationMs: Math.floor(random() * 5000),
      signal: 'log',
      scope: 'codex_otel.log_only',
      mapping: 'codex@1',
      attributes: { 'event.kind': 'response.completed', originator: 'codex_exec', 'service.env': 'dev' },
    };
    if (category === 'command') {
      const program = pick(PROGRAMS);
      const argument = `src/module-${Math.floor(random() * 500)}/file-${Math.floor(random() * 2000)}.ts`;
      Object.assign(event, {
        commandLine: `bash -lc '${program} ${argument} --flag ${Math.floor(random() * 1e6)}'`,
        program,
        arguments: [argument, '--flag'],
        exitCode: random() < 0.9 ? 0 : 1,
        outputBytes: Math.floor(random() * 20_000),
      });
    } else if (category === 'file') {
      Object.assign(event, {
        filePath: `/home/${user}/src/f${Math.floor(random() * 5000)}.ts`,
        fileOperation: 'update',
      });
    } else if (category === 'network') {
      Object.assign(event, { networkHost: `api-${Math.floor(random() * 300)}.example.com`, networkPort: 443 });
    } else if (category === 'model') {
      Object.assign(event, {
        model: pick(MODELS),
        provider: 'openai',
        inputTokens: Math.floor(random() * 30_000),
        outputTokens: Math.floor(random() * 2_000),
        costUsd: Math.round(random() * 1e4) / 1e6,
      });
    }
    yield event;
  }
}

/** Alerts an hour apart on average, with one piece of evidence each. */
export function* syntheticAlerts(options: {
  readonly count: number;
  readonly tenant?: string;
  readonly startMs?: number;
  readonly stepMs?: number;
}): Generator<Alert> {
  const { count, tenant = 'default', startMs = 1_760_000_000_000, stepMs = 3_600_000 } = options;
  const severities = ['informational', 'low', 'medium', 'high', 'critical'] as const;
  for (let n = 0; n < count; n += 1) {
    const time = startMs + n * stepMs;
    const sessionId = `1-session-${n % 400}`;
    const bucketStart = Math.floor(time / 3_600_000) * 3_600_000;
    yield {
      alertId: hex(`alert/${tenant}/${n}`),
      revision: 1,
      state: 'raised',
      tenant,
      detectionId: `detection-${n % 12}`,
      detectionVersion: '1f',
      title: 'A synthetic finding',
      time,
      actor: `local/account:u${n % 200}@example.com`,
      sessionId,
      entity: { kind: 'session', id: sessionId },
      severity: severities[n % 5] ?? 'low',
      score: (n * 7) % 100,
      summary: `Finding ${n}`,
      explanation: {
        feature: 'commandLine',
        observed: n,
        expectation: 'less',
        samples: 10,
        level: 'rule',
        window: { from: bucketStart, to: bucketStart + 3_600_000 },
      },
      evidence: [{ eventId: hex(`1/${n}`), sessionId }],
      attack: ['T1059'],
      atlas: [],
      owasp: ['ASI02'],
      count: 1,
      firstSeen: time,
      lastSeen: time,
      bucketStart,
    };
  }
}

/** Records as they travel: JSON lines. */
export function linesOf(records: Iterable<unknown>): string {
  let text = '';
  for (const record of records) text += `${JSON.stringify(record)}\n`;
  return text;
}
