/** Sessions, turns and their activities as spans. A span is created when the activity starts and sent when it ends. */
import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, HrTime, Span, Tracer } from '@opentelemetry/api';
import { AGENT_ATTRIBUTES } from '../schemas/records/agent-attributes.ts';
import * as attributes from './attributes.ts';
import type { SpanStart, Values } from './attributes.ts';
import type { ErrorGuard } from './error-guard.ts';
import type {
  Activities,
  Activity,
  At,
  CallOptions,
  EndOptions,
  Identity,
  Session,
  SessionOptions,
  SubAgentOptions,
  Turn,
  TurnOptions,
} from './options.ts';

export interface SessionDeps {
  readonly tracer: Tracer;
  readonly guard: ErrorGuard;
  readonly captureContent: boolean;
  readonly identity: Identity;
  readonly onCut: () => void;
  /** Open activities of the whole instrument, limited by `MAX_OPEN`. */
  readonly open: Set<Open>;
}

/** Something that ends with its session, or with the program. */
export interface Open {
  readonly end: (result?: EndOptions) => void;
}

/** Above this number of open activities, a new activity is sent when it starts, with outcome unknown. */
const MAX_OPEN = 10_000;

/** What all records of one session include. */
interface Common {
  readonly values: Values;
  nextSequence: number;
}

export function startSession(deps: SessionDeps, options: SessionOptions): Session {
  const sessionId = options.id ?? randomUUID();
  const user = options.user ?? deps.identity.user;
  const common: Common = {
    nextSequence: 1,
    values: {
      'gen_ai.conversation.id': sessionId,
      [user?.includes('@') === true ? 'user.email' : 'user.id']: user,
      'host.name': options.host ?? deps.identity.host,
      'vcs.repository.url.full': options.repository ?? deps.identity.repository,
      'process.working_directory': options.cwd,
    },
  };
  const scope = new Scope(deps, common, ROOT_CONTEXT, {});
  const settings = {
    [AGENT_ATTRIBUTES.approvalMode]: options.approvalMode,
    [AGENT_ATTRIBUTES.sandboxMode]: options.sandboxMode,
    [AGENT_ATTRIBUTES.parentSessionId]: options.parentSessionId,
  };
  scope.instant('session.start', { [AGENT_ATTRIBUTES.event]: 'session.start', ...settings }, options);
  const close = once((result: EndOptions) => {
    scope.endAll(result.at);
    scope.instant('session.end', { [AGENT_ATTRIBUTES.event]: 'session.end' }, result, result);
  });
  const end = scope.keepOpen(close);
  return {
    sessionId,
    ...scope.activities(),
    turn: (turn = {}) => scope.turn(turn, undefined),
    end: (result) => end(copyOf(deps.guard, result)),
  };
}

/** A session or one of its turns: everything that starts in it has the same attributes and the same parent span. */
class Scope {
  readonly #deps: SessionDeps;
  readonly #common: Common;
  readonly #context: Context;
  readonly #values: Values;
  readonly #open = new Set<Open>();

  constructor(deps: SessionDeps, common: Common, context: Context, values: Values) {
    this.#deps = deps;
    this.#common = common;
    this.#context = context;
    this.#values = values;
  }

  /** Returns the methods of `Activities`, none of which throws. */
  activities(): Activities {
    const { captureContent } = this.#deps;
    return {
      modelCall: (options) =>
        this.#begin(() => attributes.modelStart(options), options, attributes.modelEnded, SpanKind.CLIENT),
      toolCall: (options) =>
        this.#begin(
          () => attributes.plainToolStart(options, captureContent),
          options,
          (result) => attributes.toolEnded(result, captureContent),
        ),
      command: (options) => this.#begin(() => attributes.commandStart(options), options, attributes.commandEnded),
      file: (options) => this.#begin(() => attributes.fileStart(options), options, attributes.fileEnded),
      network: (options) => this.#begin(() => attributes.networkStart(options), options, attributes.networkEnded),
      mcpCall: (options) =>
        this.#begin(
          () => attributes.mcpStart(options, captureContent),
          options,
          (result) => attributes.toolEnded(result, captureContent),
        ),
      approval: (options) =>
        this.#deps.guard.run(() => this.instant('approval', attributes.approvalTold(options), options), undefined),
    };
  }

  turn(
    options: TurnOptions,
    agent: { readonly id?: string | undefined; readonly name?: string | undefined } | undefined,
  ): Turn {
    const { guard } = this.#deps;
    const values = this.#values[AGENT_ATTRIBUTES.turnId];
    const turnId = typeof values === 'string' ? values : guard.run(() => options.turnId ?? randomUUID(), '');
    const inert: Turn = { turnId, ...INERT, subAgent: () => inert, end: () => undefined };
    return this.#deps.guard.run(() => {
      const turnValues = {
        ...this.#values,
        [AGENT_ATTRIBUTES.turnId]: turnId,
        ...(agent === undefined
          ? {}
          : { 'gen_ai.agent.id': agent.id ?? randomUUID(), 'gen_ai.agent.name': agent.name }),
      };
      const start = attributes.turnStart(options, turnValues, this.#deps.captureContent);
      const span = this.#startSpan(start, options, SpanKind.INTERNAL);
      const scope = new Scope(this.#deps, this.#common, trace.setSpan(this.#context, span), turnValues);
      const end = this.keepOpen(
        once((result) => {
          scope.endAll(result.at);
          this.#endSpan(span, {}, result);
        }),
      );
      return {
        turnId,
        ...scope.activities(),
        subAgent: (sub: SubAgentOptions) => this.#deps.guard.run(() => scope.turn(sub, sub), inert),
        end: (result) => end(copyOf(guard, result)),
      };
    }, inert);
  }

  /** Reports something without a duration. */
  instant(name: string, values: Values, at: At, result: EndOptions = {}): void {
    const span = this.#startSpan({ name, values: { ...this.#values, ...values } }, at, SpanKind.INTERNAL);
    this.#endSpan(span, {}, { ...result, at: at.at });
  }

  /** Ends everything that is still open here. */
  endAll(at: At['at']): void {
    for (const open of [...this.#open]) open.end({ outcome: 'unknown', at });
  }

  /** @returns `end`, which is called with outcome `unknown` if the program never calls it */
  keepOpen(end: (result: EndOptions) => void): (result: EndOptions) => void {
    const entry: Open = {
      end: (result = {}) => {
        this.#open.delete(entry);
        this.#deps.open.delete(entry);
        this.#deps.guard.run(() => end(result), undefined);
      },
    };
    if (this.#deps.open.size >= MAX_OPEN) entry.end({ outcome: 'unknown' });
    else {
      this.#open.add(entry);
      this.#deps.open.add(entry);
    }
    return entry.end;
  }

  #begin<R extends EndOptions>(
    startOf: () => SpanStart,
    options: CallOptions,
    endOf: (result: R) => Values,
    kind = SpanKind.INTERNAL,
  ): Activity<R> {
    return this.#deps.guard.run<Activity<R>>(
      () => {
        const { name, values } = startOf();
        const isCall = values['gen_ai.tool.name'] !== undefined;
        const callId = options.callId ?? (isCall ? randomUUID() : '');
        const start = { name, values: { ...this.#values, ...values, 'gen_ai.tool.call.id': callId } };
        const span = this.#startSpan(start, options, kind);
        const end = this.keepOpen(
          once((result) => {
            this.#endSpan(
              span,
              this.#deps.guard.run(() => endOf(result as R), {}),
              result,
            );
          }),
        );
        return { callId, end: (result) => end(copyOf(this.#deps.guard, result)) };
      },
      { callId: '', end: () => undefined },
    );
  }

  #startSpan({ name, values }: SpanStart, { at }: At, kind: SpanKind): Span {
    const startTime = hrTime(at);
    return this.#deps.tracer.startSpan(
      name,
      {
        kind,
        attributes: attributes.attributesOf({ ...this.#common.values, ...values }, this.#deps.onCut),
        ...(startTime === undefined ? {} : { startTime }),
      },
      this.#context,
    );
  }

  /** A record gets its number when it ends, so that unsent records leave no gap. */
  #endSpan(span: Span, ended: Values, result: EndOptions): void {
    const { values, failure } = this.#deps.guard.run(() => attributes.outcomeOf(result), { values: {}, failure: '' });
    const sequence = { [AGENT_ATTRIBUTES.sequence]: this.#common.nextSequence };
    this.#common.nextSequence += 1;
    span.setAttributes(attributes.attributesOf({ ...ended, ...values, ...sequence }, this.#deps.onCut));
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    span.end(hrTime(result.at));
  }
}

const NOTHING = { callId: '', end: () => undefined };

/** Returned to the program after an error: it can be used, and does nothing. */
export const INERT: Activities = {
  modelCall: () => NOTHING,
  toolCall: () => NOTHING,
  command: () => NOTHING,
  file: () => NOTHING,
  network: () => NOTHING,
  mcpCall: () => NOTHING,
  approval: () => undefined,
};

/** Reads the program's values once: getters may throw, and may return another value the second time. */
function copyOf(guard: ErrorGuard, result: EndOptions | undefined): EndOptions {
  return guard.run(() => ({ ...result }), {});
}

/**
 * Converts to seconds and nanoseconds, because the SDK treats a number before the start of the process as a
 * `performance.now()` value.
 */
function hrTime(at: At['at']): HrTime | undefined {
  const ms = at instanceof Date ? at.getTime() : at;
  if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) return undefined;
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1e6)];
}

function once(end: (result: EndOptions) => void): (result: EndOptions) => void {
  let ended = false;
  return (result) => {
    if (ended) return;
    ended = true;
    end(result);
  };
}
