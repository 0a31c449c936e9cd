/**
 * ClickHouse's HTTP interface in front of the embedded engine, in a process of its own: what `@clickhouse/client` sends
 * over the wire is answered by the real engine. Run as a program it serves; imported it starts such a process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ChdbConnection } from 'chdb/connection';
import { lockFor } from '../../../platform/process/process-lock.ts';
import { setParameter } from '../../../platform/warehouse/chdb-connection.ts';

export interface ClickHouseProcess {
  readonly url: string;
  readonly port: number;
  /** SIGKILL, as an outage does it; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to end; resolves when the process is gone. */
  stop(): Promise<void>;
}

/** @param port 0 takes any free one; give the old one to come back after `kill` */
export async function startClickHouse(
  options: {
    /** Data folder, kept when the process ends; a temporary one without. */
    readonly path?: string;
    readonly port?: number;
    /** When set, other passwords are answered with code 516. */
    readonly password?: string;
    /** Takes the folder as the embedded warehouse does, so that another process is refused. */
    readonly lock?: boolean;
  } = {},
): Promise<ClickHouseProcess> {
  const path = options.path ?? mkdtempSync(join(tmpdir(), 'vigil-clickhouse-'));
  const child = spawn(
    process.execPath,
    [
      '--import',
      new URL('./clickhouse-register.mjs', import.meta.url).href,
      fileURLToPath(import.meta.url),
      path,
      String(options.port ?? 0),
      options.password ?? '',
      options.lock === true ? 'lock' : '',
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await portOf(child, gone);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    stop: async () => {
      child.stdin.end();
      const cut = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(cut);
      if (options.path === undefined) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function portOf(child: ChildProcess, gone: Promise<void>): Promise<number> {
  if (child.stdout === null) throw new Error('the process has no output');
  const lines = createInterface({ input: child.stdout });
  const port = await Promise.race([
    new Promise<number>((resolve) => lines.once('line', (line) => resolve(Number(line)))),
    gone.then(() => Promise.reject(new Error('the ClickHouse process ended before it listened'))),
  ]);
  lines.close();
  child.stdout.resume();
  return port;
}

/** Parameters of the interface itself; every other one is a setting, as in ClickHouse. */
const INTERFACE = new Set(['query', 'database', 'query_id', 'user', 'password', 'session_id', 'role', 'compress']);
const HTTP_ONLY = /^(wait_end_of_query|send_progress_in_http_headers|enable_http_compression|http_|default_format)/;
/** Connections of the engine, so that one client's long statement does not hold up the next. */
const CONNECTIONS = 3;

async function serve(path: string, port: number, password: string): Promise<void> {
  const { createChdbConnection } = await import('chdb/connection');
  const idle: ChdbConnection[] = Array.from({ length: CONNECTIONS }, () => createChdbConnection({ path }));
  const waiting: ((connection: ChdbConnection) => void)[] = [];
  const borrow = (): Promise<ChdbConnection> => {
    const connection = idle.pop();
    return connection === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(connection);
  };
  const giveBack = (connection: ChdbConnection): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else next(connection);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://clickhouse');
    if (url.pathname === '/ping') {
      response.end('Ok.\n');
      return;
    }
    const queryId = url.searchParams.get('query_id') ?? randomUUID();
    response.setHeader('X-ClickHouse-Query-Id', queryId);
    response.setHeader('X-ClickHouse-Server-Display-Name', 'chdb');
    response.setHeader('X-ClickHouse-Timezone', 'UTC');
    if (password !== '' && !isAuthorised(request, url, password)) {
      fail(response, 403, 'Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)');
      return;
    }
    const body = await bodyOf(request);
    const form = formOf(request, body);
    const parameters = [...url.searchParams, ...form];
    const query = parameters.find(([name]) => name === 'query')?.[1];
    const data = form.length > 0 ? Buffer.alloc(0) : body;
    const format = request.headers['x-clickhouse-format'] ?? url.searchParams.get('default_format') ?? 'TabSeparated';
    const settings = parameters.filter(([name]) => !INTERFACE.has(name) && !HTTP_ONLY.test(name));
    const statements = settings.map(([name, value]) => {
      if (name.startsWith('param_')) return setRawParameter(name.slice('param_'.length), value);
      return setSetting(name, value);
    });
    const database = url.searchParams.get('database') ?? 'default';
    statements.push(`USE \`${database.replaceAll('`', '')}\``);
    const connection = await borrow();
    try {
      await connection.chdb.queryAsync(statements.join('; '));
      const bytes = await run(connection, query, data, String(format));
      response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
      response.setHeader('X-ClickHouse-Format', String(format));
      response.setHeader('X-ClickHouse-Summary', '{"read_rows":"0","written_rows":"0"}');
      const packed = url.searchParams.get('enable_http_compression') === '1' && wantsGzip(request);
      if (packed) response.setHeader('Content-Encoding', 'gzip');
      response.end(packed ? gzipSync(bytes) : bytes);
    } catch (error) {
      // What the failed statement had put out would else come with the next answer.
      await connection.chdb.queryAsync('SELECT 1').catch(() => undefined);
      fail(response, 500, error instanceof Error ? error.message : String(error));
    } finally {
      // The next request starts from the engine's defaults, as it would on a server.
      const names = settings.map(([name]) => name).filter((name) => /^\w+$/.test(name) && !name.startsWith('param_'));
      if (names.length > 0) {
        await connection.chdb
          .queryAsync(names.map((name) => `SET ${name} = DEFAULT`).join('; '))
          .catch(() => undefined);
      }
      giveBack(connection);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => fail(response, 500, String(error)));
  });
  server.listen(port, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
  process.stdin.on('end', () => process.exit(0)).resume();
}

/** A raw insert keeps the body out of the statement; anything else is statement and data in one text. */
async function run(
  connection: ChdbConnection,
  query: string | undefined,
  data: Buffer,
  format: string,
): Promise<Buffer> {
  const insert = /^\s*INSERT INTO ([`\w.]+)\s+FORMAT JSONEachRow\s*$/i.exec(query ?? '');
  if (insert?.[1] !== undefined) {
    const table = insert[1].replaceAll('`', '');
    // A real server accepts blank lines between rows; the engine behind this server ends the rows there.
    if (data.includes('\n\n')) throw new Error('Code: 117. DB::Exception: Blank line between rows. (INCORRECT_DATA)');
    await connection.chdb.rawInsert({ table, values: data, format: 'JSONEachRow' });
    return Buffer.alloc(0);
  }
  const text = query === undefined ? data.toString('utf8') : `${query}\n${data.toString('utf8')}`;
  const result = await connection.chdb.queryAsync(text, { format });
  return Buffer.from(result.bytes());
}

/** A `param_` value comes in its escaped form already: only the quotes of the SET statement are added. */
function setRawParameter(name: string, escaped: string): string {
  setParameter(name, '');
  return `SET param_${name} = '${escaped.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function setSetting(name: string, value: string): string {
  if (!/^\w+$/.test(name)) throw new Error(`Code: 115. DB::Exception: Unknown setting ${name}. (UNKNOWN_SETTING)`);
  return `SET ${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** Parts of a multipart form: long parameters travel that way. */
function formOf(request: IncomingMessage, body: Buffer): (readonly [string, string])[] {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return [];
  return body
    .toString('utf8')
    .split(`--${boundary}`)
    .flatMap((part) => {
      const name = /name="([^"]*)"/.exec(part)?.[1];
      const start = part.indexOf('\r\n\r\n');
      return name === undefined || start < 0 ? [] : [[name, part.slice(start + 4, -2)] as const];
    });
}

function wantsGzip(request: IncomingMessage): boolean {
  return (request.headers['accept-encoding'] ?? '').includes('gzip');
}

function isAuthorised(request: IncomingMessage, url: URL, password: string): boolean {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const given =
    basic === undefined
      ? (request.headers['x-clickhouse-key'] ?? url.searchParams.get('password'))
      : Buffer.from(basic, 'base64').toString('utf8').split(':').slice(1).join(':');
  return given === password;
}

function fail(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = /Code: (\d+)/.exec(message)?.[1] ?? '1002';
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8', 'X-ClickHouse-Exception-Code': code });
  response.end(`${message} (version 26.7.2.1)\n`);
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , path = '', port = '0', password = '', lock = ''] = argv;
  if (lock !== '') lockFor(`${path}.lock`, path);
  await serve(path, Number(port), password);
}
