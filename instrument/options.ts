/** What an agent's author tells. Every text is cut at 1,048,576 characters (`vigil.cut.<attribute>` then tells its length). */
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace-base';

export interface Identity {
  /** Account or e-mail address of the person the agent works for. */
  readonly user?: string | undefined;
  /** Host that the agent works on; the machine's own name by default. */
  readonly host?: string | undefined;
  /** Address of the repository the agent works in: `https://github.com/acme/shop`. */
  readonly repository?: string | undefined;
}

export interface InstrumentOptions extends Identity {
  /** Name of the program; `OTEL_SERVICE_NAME` goes before it, as OpenTelemetry has it. */
  readonly agentName: string;
  readonly agentVersion?: string | undefined;
  /** Base address of the collector; `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`), else `http://localhost:4318`. */
  readonly endpoint?: string | undefined;
  /** Sent with each export, beside `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether prompts, arguments and results are sent; off by default, then only their length (and a prompt's hash) is. */
  readonly captureContent?: boolean | undefined;
  /** Spans that may wait; 2048 by default (`OTEL_BSP_MAX_QUEUE_SIZE`). What does not fit is dropped and counted. */
  readonly bufferSpans?: number | undefined;
  /** Bytes that waiting spans may hold, about; 16 MiB by default. */
  readonly bufferBytes?: number | undefined;
  /** Time that one export may take, in ms; 3000 by default (`OTEL_EXPORTER_OTLP_TIMEOUT`). */
  readonly exportTimeoutMs?: number | undefined;
  /** Time that `shutdown` and the end of the process may take, in ms; 2000 by default. */
  readonly shutdownTimeoutMs?: number | undefined;
  /** Whether the end of the process (`beforeExit`, SIGTERM, SIGINT, SIGHUP) sends what waits; true by default. */
  readonly exitHooks?: boolean | undefined;
  /** In place of OTLP/HTTP: for tests, and for programs with a way out of their own. */
  readonly exporter?: SpanExporter | undefined;
  /** Whether `OTEL_…` variables are left unread; false by default. */
  readonly ignoreEnvironment?: boolean | undefined;
  /** In place of random ids. */
  readonly idGenerator?: IdGenerator | undefined;
}

/** A `Date`, or milliseconds since the epoch; now, where it is left out. */
export type Instant = Date | number;

export interface At {
  readonly at?: Instant | undefined;
}

export interface SessionOptions extends Identity, At {
  /** Id of the conversation; a random one by default. */
  readonly id?: string | undefined;
  /** Session that started this one (a sub-agent with a session of its own). */
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

/** What all calls of tools have in common. */
export interface CallOptions extends At {
  /** As the agent numbers it; joins the call to its approval. A random one by default. */
  readonly callId?: string | undefined;
  /** Name of the tool, as the agent calls it. */
  readonly tool?: string | undefined;
}

export interface ToolCallOptions extends CallOptions {
  readonly tool: string;
  /** Sent with `captureContent` only. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

export interface CommandOptions extends CallOptions {
  readonly commandLine: string;
  readonly cwd?: string | undefined;
}

export interface FileOptions extends CallOptions {
  readonly path: string;
  readonly operation: 'read' | 'search' | 'create' | 'update' | 'delete' | 'move';
  /** Of a move: where the file was; `path` is the new place. */
  readonly movedFrom?: string | undefined;
  readonly bytes?: number | undefined;
}

export interface NetworkOptions extends CallOptions {
  /** Address; user name and password in it are left out. */
  readonly url?: string | undefined;
  /** Where there is no address: host, port and protocol. */
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
  /** The call that was decided about. */
  readonly callId?: string | undefined;
  readonly tool?: string | undefined;
  /** The line, where the call was a command. */
  readonly commandLine?: string | undefined;
}

export interface EndOptions extends At {
  /** `success` by default, `failure` with an error. */
  readonly outcome?: 'success' | 'failure' | 'denied' | 'unknown' | undefined;
  /** An error, or its kind in a word. */
  readonly error?: unknown;
}

export interface ModelResult extends EndOptions {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly costUsd?: number | undefined;
  /** Model that answered. */
  readonly model?: string | undefined;
}

export interface ToolResult extends EndOptions {
  /** Sent with `captureContent` only; its length otherwise. */
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

/** Something that began; it is sent when it ends. A second `end` does nothing. */
export interface Activity<R extends EndOptions = EndOptions> {
  readonly callId: string;
  readonly end: (result?: R) => void;
}

/** What can happen in a session, in one of its turns, or in a sub-agent's. */
export interface Activities {
  readonly modelCall: (options: ModelCallOptions) => Activity<ModelResult>;
  readonly toolCall: (options: ToolCallOptions) => Activity<ToolResult>;
  readonly command: (options: CommandOptions) => Activity<CommandResult>;
  readonly file: (options: FileOptions) => Activity<FileResult>;
  readonly network: (options: NetworkOptions) => Activity<NetworkResult>;
  readonly mcpCall: (options: McpCallOptions) => Activity<ToolResult>;
  /** A call was allowed or refused; told at once. */
  readonly approval: (options: ApprovalOptions) => void;
}

export interface Turn extends Activities {
  readonly turnId: string;
  /** A sub-agent of this session, within this turn. */
  readonly subAgent: (options: SubAgentOptions) => Turn;
  /** What has begun in it and has not ended ends with it, its outcome unknown. */
  readonly end: (result?: EndOptions) => void;
}

export interface Session extends Activities {
  readonly sessionId: string;
  /** One prompt and all that follows from it. */
  readonly turn: (options?: TurnOptions) => Turn;
  readonly end: (result?: EndOptions) => void;
}

export interface InstrumentStats {
  /** Spans that ended. */
  readonly recorded: number;
  /** Acknowledged by the collector. */
  readonly exported: number;
  readonly waiting: number;
  readonly dropped: {
    /** The buffer was full. */
    readonly bufferFull: number;
    /** The collector turned them away for good (HTTP 4xx). */
    readonly refused: number;
    /** Time was up at the end, or they ended after it. */
    readonly shutdown: number;
  };
  /** Texts that were cut. */
  readonly cut: number;
  /** Errors inside the instrument, which the program never saw. */
  readonly errors: number;
  /** The last of those, or of the exports that failed. */
  readonly lastError: string | undefined;
}

export interface Instrument {
  readonly session: (options?: SessionOptions) => Session;
  readonly stats: () => InstrumentStats;
  /** Sends what waits. Resolves when it is sent or given up, after `shutdownTimeoutMs` at the latest; never rejects. */
  readonly flush: () => Promise<void>;
  /** Ends what has not ended, sends what waits, and takes nothing more. As bounded as `flush`; never rejects. */
  readonly shutdown: () => Promise<void>;
}
