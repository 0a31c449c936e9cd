/**
 * What an agent's author can report. Every text is cut at 1,048,576 characters, and `vigil.cut.<attribute>` then holds
 * its length.
 */
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace-base';

export interface Identity {
  /** Account or e-mail address of the person that the agent works for. */
  readonly user?: string | undefined;
  /** Host that the agent works on; the machine's own name by default. */
  readonly host?: string | undefined;
  /** URL of the repository that the agent works in: `https://github.com/acme/shop`. */
  readonly repository?: string | undefined;
}

export interface InstrumentOptions extends Identity {
  /** Name of the program; `OTEL_SERVICE_NAME` overrides it, as in OpenTelemetry. */
  readonly agentName: string;
  readonly agentVersion?: string | undefined;
  /**
   * Base URL of the collector; `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) by default, else
   * `http://localhost:4318`.
   */
  readonly endpoint?: string | undefined;
  /** Sent with each export, in addition to `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether prompts, arguments and results are sent. Off by default: then only their length is sent (and a prompt's
   * hash).
   */
  readonly captureContent?: boolean | undefined;
  /** How many spans may wait; 2048 by default (`OTEL_BSP_MAX_QUEUE_SIZE`). Further spans are dropped and counted. */
  readonly bufferSpans?: number | undefined;
  /** Approximate limit for the bytes of waiting spans; 16 MiB by default. */
  readonly bufferBytes?: number | undefined;
  /** Time limit for one export in ms; 3000 by default (`OTEL_EXPORTER_OTLP_TIMEOUT`). */
  readonly exportTimeoutMs?: number | undefined;
  /** Time limit for `shutdown` and for the exit of the process in ms; 2000 by default. */
  readonly shutdownTimeoutMs?: number | undefined;
  /** Whether waiting spans are sent when the process exits (`beforeExit`, SIGTERM, SIGINT, SIGHUP); true by default. */
  readonly exitHooks?: boolean | undefined;
  /** Replaces OTLP/HTTP: for tests, and for programs with their own exporter. */
  readonly exporter?: SpanExporter | undefined;
  /** Whether `OTEL_…` variables are ignored; false by default. */
  readonly ignoreEnvironment?: boolean | undefined;
  /** Replaces random ids. */
  readonly idGenerator?: IdGenerator | undefined;
}

/** A `Date`, or milliseconds since the epoch; the current time by default. */
export type Instant = Date | number;

export interface At {
  readonly at?: Instant | undefined;
}

export interface SessionOptions extends Identity, At {
  /** Id of the conversation; a random one by default. */
  readonly id?: string | undefined;
  /** Session that started this one (a sub-agent with its own session). */
  readonly parentSessionId?: string | undefined;
  readonly cwd?: string | undefined;
  /** Permission mode or approval policy in force: `default`, `on-request`, `never`, … */
  readonly approvalMode?: string | undefined;
  /** Sandbox in force: `workspace-write`, `read-only`, `none`, … */
  readonly sandboxMode?: string | undefined;
}

export interface TurnOptions extends At {
  /** A random one by default. */
  readonly turnId?: string | undefined;
  /** What the person wrote. Its length and hash are sent; the text only with `captureContent`. */
  readonly prompt?: string | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
}

export interface SubAgentOptions extends TurnOptions {
  readonly name: string;
  readonly id?: string | undefined;
}

export interface ModelCallOptions extends At {
  readonly model: string;
  /** `openai`, `anthropic`, `gcp.gemini`, … */
  readonly provider?: string | undefined;
}

/** Options that all tool calls share. */
export interface CallOptions extends At {
  /** The agent's own id for the call; it joins the call to its approval. Random by default. */
  readonly callId?: string | undefined;
  /** The agent's name for the tool. */
  readonly tool?: string | undefined;
}

export interface ToolCallOptions extends CallOptions {
  readonly tool: string;
  /** Only sent with `captureContent`. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

export interface CommandOptions extends CallOptions {
  readonly commandLine: string;
  readonly cwd?: string | undefined;
}

export interface FileOptions extends CallOptions {
  readonly path: string;
  readonly operation: 'read' | 'search' | 'create' | 'update' | 'delete' | 'move';
  /** For a move: where the file was; `path` is the new path. */
  readonly movedFrom?: string | undefined;
  readonly bytes?: number | undefined;
}

export interface NetworkOptions extends CallOptions {
  /** URL; its user name and password are removed. */
  readonly url?: string | undefined;
  /** Host, port and protocol, if there is no URL. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly protocol?: string | undefined;
  readonly method?: string | undefined;
}

export interface McpCallOptions extends CallOptions {
  readonly server: string;
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

export interface ApprovalOptions extends At {
  readonly decision: 'approved' | 'denied' | 'aborted' | 'timed_out';
  readonly scope?: 'once' | 'session' | 'always' | undefined;
  /** Who decided: `user`, `config`, `hook`, `reviewer`. */
  readonly source?: string | undefined;
  /** The call that the decision was about. */
  readonly callId?: string | undefined;
  readonly tool?: string | undefined;
  /** The command line, if the call was a command. */
  readonly commandLine?: string | undefined;
}

export interface EndOptions extends At {
  /** `success` by default, `failure` with an error. */
  readonly outcome?: 'success' | 'failure' | 'denied' | 'unknown' | undefined;
  /** An error, or a word for its kind. */
  readonly error?: unknown;
}

export interface ModelResult extends EndOptions {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly costUsd?: number | undefined;
  /** Model that responded. */
  readonly model?: string | undefined;
}

export interface ToolResult extends EndOptions {
  /** Only sent with `captureContent`; otherwise only its length is sent. */
  readonly result?: string | undefined;
}

export interface CommandResult extends EndOptions {
  readonly exitCode?: number | undefined;
  readonly outputBytes?: number | undefined;
}

export interface FileResult extends EndOptions {
  readonly bytes?: number | undefined;
}

export interface NetworkResult extends EndOptions {
  readonly statusCode?: number | undefined;
  readonly bytesOut?: number | undefined;
  readonly bytesIn?: number | undefined;
}

/** An activity that has started; it is sent when it ends. A second `end` does nothing. */
export interface Activity<R extends EndOptions = EndOptions> {
  readonly callId: string;
  readonly end: (result?: R) => void;
}

/** What can happen in a session, in one of its turns, or in a sub-agent. */
export interface Activities {
  readonly modelCall: (options: ModelCallOptions) => Activity<ModelResult>;
  readonly toolCall: (options: ToolCallOptions) => Activity<ToolResult>;
  readonly command: (options: CommandOptions) => Activity<CommandResult>;
  readonly file: (options: FileOptions) => Activity<FileResult>;
  readonly network: (options: NetworkOptions) => Activity<NetworkResult>;
  readonly mcpCall: (options: McpCallOptions) => Activity<ToolResult>;
  /** A call was allowed or denied; sent immediately. */
  readonly approval: (options: ApprovalOptions) => void;
}

export interface Turn extends Activities {
  readonly turnId: string;
  /** A sub-agent of this session, within this turn. */
  readonly subAgent: (options: SubAgentOptions) => Turn;
  /** Ends the session, and with it every open activity, with outcome unknown. */
  readonly end: (result?: EndOptions) => void;
}

export interface Session extends Activities {
  readonly sessionId: string;
  /** One prompt and everything that follows from it. */
  readonly turn: (options?: TurnOptions) => Turn;
  readonly end: (result?: EndOptions) => void;
}

export interface InstrumentStats {
  /** Spans that have ended. */
  readonly recorded: number;
  /** Spans that the collector acknowledged. */
  readonly exported: number;
  readonly waiting: number;
  readonly dropped: {
    /** Spans dropped because the buffer was full. */
    readonly bufferFull: number;
    /** Spans that the collector rejected permanently (HTTP 4xx). */
    readonly refused: number;
    /** Spans dropped because the time at exit was up, or because they ended after it. */
    readonly shutdown: number;
  };
  /** Texts that were cut. */
  readonly cut: number;
  /** Errors inside the instrument, which the program never saw. */
  readonly errors: number;
  /** The last of these errors, or of the failed exports. */
  readonly lastError: string | undefined;
}

export interface Instrument {
  readonly session: (options?: SessionOptions) => Session;
  readonly stats: () => InstrumentStats;
  /** Sends waiting spans. Resolves when they are sent, or after `shutdownTimeoutMs` at the latest; never rejects. */
  readonly flush: () => Promise<void>;
  /**
   * Ends open activities, sends waiting spans, and accepts nothing more. It has the same time limit as `flush`, and
   * never rejects.
   */
  readonly shutdown: () => Promise<void>;
}
