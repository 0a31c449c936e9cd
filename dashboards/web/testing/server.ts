/**
 * Simulates the audit API for the browser tests: the built pages with the production policy, and answers that a test
 * sets.
 */
import { Setup } from '../../../schemas/api/setup.ts';
import { SessionDetail, SessionList } from '../../../schemas/api/sessions.ts';
import { EventList } from '../../../schemas/api/events.ts';
import { AlertDetail, AlertList } from '../../../schemas/api/alerts.ts';
import { Problem } from '../../../schemas/api/contract/problem.ts';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SignInState } from '../../../schemas/api/sign-in.ts';
import type { AgentEvent } from '../../../schemas/records/agent-event.ts';
import { Alert } from '../../../schemas/records/alert.ts';
import { sessionOfSegment } from '../../../schemas/api/contract/session-path.ts';

export const DIST = fileURLToPath(new URL('../../../dist/web/', import.meta.url));

export const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
  readonly delayMs?: number;
}
/** Undefined passes the request to the next handler. */
export type Handler = (path: string, query: URLSearchParams) => Answer | undefined;

export interface TestServer {
  readonly url: string;
  /** Every request to the API so far, path and query. */
  readonly asked: readonly string[];
  /** Newest handler first; `reset` drops all of them. */
  use(handler: Handler): void;
  reset(): void;
  /** Sends a new alert or revision to every open stream. */
  stream(alert: Alert): void;
  streamRaw(text: string): void;
  /** Closes the open streams; `refusing` answers the next ones with 503. */
  dropStreams(refusing?: boolean): void;
  readonly streams: number;
  close(): Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  await builtPages();
  let handlers: Handler[] = [];
  let refusing = false;
  const asked: string[] = [];
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/v1/sign-in') sendAnswer(response, { body: SignInState.parse({ state: 'open' }) });
    else if (url.pathname === '/v1/stream') openStream(request, response);
    else if (url.pathname.startsWith('/v1/')) {
      asked.push(url.pathname + url.search);
      const answer = handlers.reduce<Answer | undefined>(
        (found, handle) => found ?? handle(url.pathname, url.searchParams),
        undefined,
      );
      sendAnswer(response, answer ?? problem(404, 'Not found'));
    } else serveFile(url.pathname, response);
  });
  const openStream = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? '');
    if (refusing) {
      sendAnswer(response, problem(503, 'Busy'));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': welcome\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let sent = 0;
  const streamRaw = (text: string) => {
    for (const response of streams) response.write(text);
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    use: (handler) => {
      handlers = [handler, ...handlers];
    },
    reset: () => {
      handlers = [];
      refusing = false;
      asked.length = 0;
    },
    stream: (alert) => streamRaw(`event: alert\nid: ${++sent}\ndata: ${JSON.stringify(Alert.parse(alert))}\n\n`),
    streamRaw,
    dropStreams: (refuse = false) => {
      refusing = refuse;
      for (const response of streams) response.destroy();
    },
    get streams() {
      return streams.size;
    },
    close: async () => {
      for (const response of streams) response.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * `npm test` builds before it runs. A test that runs alone builds for itself, into another folder that is then renamed,
 * since workers run in parallel.
 */
async function builtPages(): Promise<void> {
  if (existsSync(join(DIST, 'index.html'))) return;
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const aside = mkdtempSync(join(tmpdir(), 'vigil-web-'));
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const flags = ['--logLevel', 'warn', '--outDir', aside, '--emptyOutDir'];
  await promisify(execFile)(process.execPath, [vite, 'build', join(root, 'dashboards', 'web'), ...flags], {
    cwd: root,
  });
  mkdirSync(join(root, 'dist'), { recursive: true });
  if (!existsSync(join(DIST, 'index.html'))) cpSync(aside, DIST, { recursive: true });
  rmSync(aside, { recursive: true, force: true });
}

function sendAnswer(response: ServerResponse, { status = 200, body, delayMs = 0 }: Answer): void {
  const send = () => {
    response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  if (delayMs > 0) setTimeout(send, delayMs).unref();
  else send();
}

/** Serves files like the audit API: any other path is an address within the pages. */
function serveFile(path: string, response: ServerResponse): void {
  const file = join(DIST, normalize(decodeURIComponent(path)));
  const found = file.startsWith(DIST) && extname(file) !== '' && existsSync(file) ? file : join(DIST, 'index.html');
  response.writeHead(200, {
    'content-type': TYPES[extname(found)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(readFileSync(found));
}

export const problem = (status: number, title: string, more: Partial<Problem> = {}): Answer => ({
  status,
  body: Problem.parse({ type: 'about:blank', title, status, ...more }),
});

export interface World {
  readonly alerts?: readonly Alert[];
  readonly events?: readonly AgentEvent[];
  readonly sessions?: readonly SessionDetail[];
  readonly otlpUrl?: string | null;
  readonly needsCredential?: boolean;
  readonly recipes?: Setup['recipes'];
}

/** Answers like the audit API with the test's data; each answer is checked by the contract's own schemas. */
export function playing({
  alerts = [],
  events = [],
  sessions = [],
  otlpUrl = 'http://127.0.0.1:4318',
  needsCredential = false,
  recipes = [],
}: World): Handler {
  const byId = new Map(events.map((event) => [event.eventId, event]));
  return (path, query) => {
    const [, , kind, id] = path.split('/').map(decodeURIComponent);
    if (kind === 'alerts' && id === undefined) {
      const severities = query.get('severity')?.split(',');
      const wanted = alerts.filter(
        (alert) =>
          (severities?.includes(alert.severity) ?? true) &&
          [alert.detectionId, null].includes(query.get('detectionId')) &&
          [alert.entity.id, null].includes(query.get('entity')) &&
          alert.time >= Number(query.get('from') ?? 0) &&
          alert.time < Number(query.get('to') ?? Infinity),
      );
      return {
        body: AlertList.parse(
          pageOf(
            [...wanted].sort((a, b) => b.time - a.time),
            query,
          ),
        ),
      };
    }
    if (kind === 'alerts') {
      const alert = alerts.find(({ alertId }) => alertId === id);
      if (alert === undefined) return problem(404, 'Not found', { detail: 'No such alert' });
      const wanted = alert.evidence.map(({ eventId }) => eventId);
      return {
        body: AlertDetail.parse({
          alert,
          events: wanted.flatMap((eventId) => byId.get(eventId) ?? []),
          missingEventIds: wanted.filter((eventId) => !byId.has(eventId)),
        }),
      };
    }
    if (kind === 'sessions' && id === undefined)
      return {
        body: SessionList.parse(
          pageOf(
            sessions.map(({ session }) => session),
            query,
          ),
        ),
      };
    if (kind === 'sessions') {
      const detail = sessions.find(({ session }) => session.sessionId === sessionOfSegment(id ?? ''));
      return detail === undefined
        ? problem(404, 'Not found', { detail: 'No such session' })
        : { body: SessionDetail.parse(detail) };
    }
    if (kind === 'setup') return { body: Setup.parse({ otlpUrl, needsCredential, recipes }) };
    if (kind === 'events') {
      const wanted = events.filter(({ sessionId }) => [sessionId, null].includes(query.get('sessionId')));
      return { body: EventList.parse(pageOf(wanted, query)) };
    }
    return undefined;
  };
}

function pageOf<T>(all: readonly T[], query: URLSearchParams): { items: readonly T[]; nextCursor: string | null } {
  const start = Number(query.get('cursor') ?? 0);
  const end = start + Number(query.get('limit') ?? 100);
  return { items: all.slice(start, end), nextCursor: end < all.length ? String(end) : null };
}
