/** The OTLP/HTTP exporter, with connections that never keep the host program alive. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { InstrumentOptions } from './options.ts';

export interface Exporters {
  /** @param timeoutMs time limit for an export, including retries */
  readonly create: (timeoutMs: number) => SpanExporter;
  /** Aborts running requests. */
  readonly abandon: () => void;
}

/** @throws Error when the endpoint is not a URL */
export function otlpExporters({ endpoint, headers }: Pick<InstrumentOptions, 'endpoint' | 'headers'>): Exporters {
  const agents: http.Agent[] = [];
  const url = endpoint === undefined ? undefined : tracesUrl(endpoint);
  return {
    create: (timeoutMillis) =>
      new OTLPTraceExporter({
        timeoutMillis,
        ...(url === undefined ? {} : { url }),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        httpAgentOptions: (protocol: string) => {
          const agent = letGo(
            protocol === 'https:' ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true }),
          );
          agents.push(agent);
          return agent;
        },
      }),
    abandon: () => agents.forEach((agent) => agent.destroy()),
  };
}

/** Returns `…/v1/traces` below a base URL, as OpenTelemetry builds it from `OTEL_EXPORTER_OTLP_ENDPOINT`. */
function tracesUrl(endpoint: string): string {
  const base = new URL(endpoint);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/v1/traces`;
  return base.href;
}

interface Unrefable {
  unref?: () => unknown;
  once?: (event: string, listener: () => void) => unknown;
}

/** Unreferences the agent's sockets when they are created, connected and reused. */
function letGo(agent: http.Agent): http.Agent {
  const release = (socket: Unrefable | null | undefined): void => {
    socket?.unref?.();
    socket?.once?.('connect', () => socket.unref?.());
  };
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket: Duplex | null | undefined = createConnection(options, callback);
    release(socket);
    return socket;
  };
  const reuseSocket = agent.reuseSocket.bind(agent);
  agent.reuseSocket = (socket, request) => {
    reuseSocket(socket, request);
    release(socket);
  };
  return agent;
}
