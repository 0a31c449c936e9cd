/** One turn of a simulated session: the agent's actions take time, need approval, and sometimes fail. */
import type { FileOptions, Turn } from '../options.ts';
import type { Random } from './random.ts';
import type { Person, Repository } from './team.ts';

const SECOND_MS = 1_000;
/** Share of model calls that fail. */
const MODEL_FAILURES = 0.005;
/** Share of test runs that fail. */
const RED = 0.22;
const FAILURES = 0.05;
const CHECKS = /test|pytest|vitest|lint|mypy|tsc|vet/;
/** Commands that only read need no approval. */
const HARMLESS = /^(?:ls|cat|grep|rg|find|sed -n|wc|head|pwd|git (?:status|diff|log|show)|jq|go vet|gofmt|npm ls)\b/;
/** Share of approval requests that the person denies. */
const DENIALS = 0.02;

export interface Place {
  readonly person: Person;
  readonly repository: Repository;
  /** The repository's folder on the person's machine. */
  readonly cwd: string;
}

export class Desk {
  readonly random: Random;
  readonly place: Place;
  readonly #turn: Turn;
  #now: number;
  /** Size of the context, which grows with what the agent has seen. */
  #context: number;

  constructor(random: Random, place: Place, turn: Turn, now: number, context: number) {
    this.random = random;
    this.place = place;
    this.#turn = turn;
    this.#now = now;
    this.#context = context;
  }

  get now(): number {
    return this.#now;
  }

  get context(): number {
    return this.#context;
  }

  pass(ms: number): void {
    this.#now += Math.max(1, Math.floor(ms));
  }

  /** Reports a model call. */
  think(outputTokens = Math.round(this.random.around(260, 2))): void {
    const { random, place } = this;
    const { model, provider } = place.person.agent;
    const call = this.#turn.modelCall({ model, provider, at: this.#now });
    this.pass(random.around(3.2, 1.7) * SECOND_MS);
    if (random.chance(MODEL_FAILURES)) {
      call.end({ error: 'overloaded', at: this.#now });
      this.pass(2 * SECOND_MS);
      return;
    }
    const inputTokens = Math.round(this.#context);
    this.#context = Math.min(150_000, this.#context + outputTokens + random.around(600, 2));
    const costUsd = Number((inputTokens * 1.2e-6 + outputTokens * 1e-5).toFixed(6));
    call.end({ inputTokens, outputTokens, cacheReadTokens: Math.floor(inputTokens * 0.7), costUsd, at: this.#now });
  }

  /** Reports a command, after its approval if the person wants to be asked. @returns whether it ran and succeeded */
  run(commandLine: string, exitCode = this.#exitCode(commandLine)): boolean {
    const callId = this.#callId();
    const outcome = this.#approve(callId, commandLine);
    const call = this.#turn.command({ callId, commandLine, cwd: this.place.cwd, at: this.#now });
    if (outcome === 'denied') {
      call.end({ outcome, at: this.#now });
      return false;
    }
    this.pass((CHECKS.test(commandLine) ? this.random.around(9, 2) : this.random.around(0.3, 2.5)) * SECOND_MS);
    const outputBytes = Math.round(this.random.around(900, 3));
    this.#context += outputBytes / 4;
    call.end({ exitCode, outputBytes, at: this.#now });
    return exitCode === 0;
  }

  file(operation: FileOptions['operation'], path: string, bytes?: number): void {
    const call = this.#turn.file({ callId: this.#callId(), operation, path, at: this.#now });
    this.pass(this.random.around(40, 2));
    this.#context += operation === 'read' ? this.random.around(700, 2) : 0;
    call.end({ bytes, at: this.#now });
  }

  fetch(url: string, method = 'GET', bytesOut?: number): void {
    const call = this.#turn.network({ callId: this.#callId(), url, method, at: this.#now });
    this.pass(this.random.around(0.7, 2) * SECOND_MS);
    const statusCode = this.random.chance(0.04) ? 404 : 200;
    call.end({ statusCode, bytesIn: Math.round(this.random.around(18_000, 3)), bytesOut, at: this.#now });
  }

  mcp(server: string, tool: string): void {
    const call = this.#turn.mcpCall({ callId: this.#callId(), server, tool, at: this.#now });
    this.pass(this.random.around(0.4, 2) * SECOND_MS);
    call.end(this.random.chance(0.03) ? { error: 'tool_error', at: this.#now } : { at: this.#now });
  }

  approve(tool: string, scope: 'once' | 'session' | 'always'): void {
    this.#turn.approval({ callId: this.#callId(), tool, decision: 'approved', scope, source: 'user', at: this.#now });
    this.pass(SECOND_MS);
  }

  #approve(callId: string, commandLine: string): 'success' | 'denied' {
    const { approvalMode } = this.place.person;
    const asks = approvalMode === 'on-request' && !HARMLESS.test(commandLine);
    const denied = asks && this.random.chance(DENIALS);
    // A person takes a while to decide; a rule does not.
    if (asks) this.pass(this.random.around(6, 2.2) * SECOND_MS);
    const decision = denied ? 'denied' : 'approved';
    const at = this.#now;
    if (asks) this.#turn.approval({ callId, tool: 'shell', decision, scope: 'once', source: 'user', at });
    else this.#turn.approval({ callId, tool: 'shell', decision, source: 'config', at });
    return denied ? 'denied' : 'success';
  }

  #exitCode(commandLine: string): number {
    if (!this.random.chance(CHECKS.test(commandLine) ? RED : FAILURES)) return 0;
    return this.random.weighted([
      [1, 8],
      [2, 2],
      [127, 0.3],
    ] as const);
  }

  #callId(): string {
    return `call_${this.random.hex(20)}`;
  }
}
