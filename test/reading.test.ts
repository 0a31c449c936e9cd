/** Who may read: the page, its API and the metrics of a real Vigil that listens beyond loopback, over TLS, with tokens. */
import { until } from './support/until.ts';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type TestBrowser, launchBrowser } from './support/programs/browser.ts';
import { type Authority, type Issued, createAuthority } from './support/certificates.ts';
import { type Vigil, freePort, run, startVigil } from './support/programs/vigil.ts';

jest.setTimeout(180_000);

const data = mkdtempSync(join(tmpdir(), 'vigil-reading-'));
const files = { VIGIL_TLS_CERT: join(data, 'tls.crt'), VIGIL_TLS_KEY: join(data, 'tls.key') };
const ca = join(data, 'ca.crt');

interface Made {
  readonly token: string;
  readonly id: string;
}
async function tokens(...args: readonly string[]): Promise<Made> {
  const asked = run(['tokens', ...args, '--json'], { VIGIL_DATA: data });
  if ((await asked.ended()) !== 0) throw new Error(asked.output());
  return JSON.parse(asked.output()) as Made;
}
const made = (sender: string, use: string, ...terms: readonly string[]): Promise<Made> =>
  tokens('create', sender, '--for', use, ...terms);

let authority: Authority;
let vigil: Vigil;
let admin: number;
let analyst: Made, demoReader: Made, laptop: Made, prometheus: Made;
let browser: TestBrowser;
function write({ certificate, key }: Issued): void {
  for (const [path, text] of [
    [files.VIGIL_TLS_CERT, certificate],
    [files.VIGIL_TLS_KEY, key],
  ] as const) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
const issue = (commonName: string): Promise<Issued> =>
  authority.issue({ commonName, dns: ['localhost'], ip: ['127.0.0.1'] });
beforeAll(async () => {
  authority = await createAuthority();
  write(await issue('first'));
  writeFileSync(ca, authority.certificate);
  laptop = await made('laptop', 'telemetry');
  analyst = await made('analyst', 'read', '--reads', '*');
  demoReader = await made('trainee', 'read', '--tenant', 'demo');
  prometheus = await made('prometheus', 'metrics');
  admin = await freePort();
  const environment = { ...files, VIGIL_HOST: '0.0.0.0', VIGIL_LOG_LEVEL: 'warn', VIGIL_ADMIN_PORT: String(admin) };
  [vigil, browser] = await Promise.all([startVigil(data, { args: ['--demo'], environment }), launchBrowser()]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await vigil.stop();
  rmSync(data, { recursive: true, force: true });
}, 60_000);

const page = (): string => vigil.api.replace('http:', 'https:');
const adminUrl = (): string => `https://127.0.0.1:${admin}`;
function ask(
  url: string,
  token?: string,
  body?: string,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ca: authority.certificate,
      agent: false as const,
    };
    const sent = request(url, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
const statuses = (url: string): Promise<readonly (number | undefined)[]> =>
  Promise.all(
    [undefined, laptop, analyst, prometheus].map(async (credential) => (await ask(url, credential?.token)).status),
  );

describe('a start beyond loopback', () => {
  const none = join(data, 'none');
  it.each([
    [
      'the page',
      ['up', 'audit', 'warehouse'],
      {},
      'The page with its API cannot listen there without: TLS (VIGIL_TLS_CERT and VIGIL_TLS_KEY); a credential that reads (vigil tokens create NAME --for read',
    ],
    [
      'the page, with TLS',
      ['audit'],
      files,
      'The page with its API cannot listen there without: a credential that reads (vigil',
    ],
    [
      'metrics',
      ['detector'],
      files,
      'The port for health and metrics (VIGIL_ADMIN_PORT) cannot listen there without: a credential that reads metrics (vigil tokens create NAME --for metrics',
    ],
  ] as const)('of %s is refused for what is missing', async (_what, commands, settings, sentence) => {
    for (const command of commands) {
      const ports = { VIGIL_OTLP_PORT: '0', VIGIL_OTLP_GRPC_PORT: '0', VIGIL_HTTP_PORT: '0', VIGIL_ADMIN_PORT: '0' };
      const started = run([command], {
        VIGIL_OTLP_HOST: '127.0.0.1',
        VIGIL_HOST: '0.0.0.0',
        ...settings,
        ...ports,
        VIGIL_DATA: none,
      });
      expect(await started.ended()).toBe(1);
      expect(started.output()).toContain(sentence);
    }
  });
});

it('each credential is for one thing', async () => {
  expect(await statuses(`${page()}/v1/alerts?tenant=demo`)).toEqual([401, 403, 200, 403]);
  expect(await statuses(`${page()}/metrics`)).toEqual([401, 403, 403, 200]);
  expect(await statuses(`${adminUrl()}/metrics`)).toEqual([401, 403, 403, 200]);
  expect((await ask(`${adminUrl()}/healthz`)).status).toBe(200);
  const otlp = vigil.otlp.replace('http:', 'https:');
  const sent = await Promise.all([laptop, analyst, prometheus].map(({ token }) => ask(`${otlp}/v1/logs`, token, '{}')));
  expect(sent.map(({ status }) => status)).toEqual([200, 403, 403]);
  expect((await ask(`${page()}/v1/sessions`, demoReader.token)).status).toBe(200);
  expect((await ask(`${page()}/v1/sessions?tenant=default`, demoReader.token)).status).toBe(403);
});

describe('the commands that ask', () => {
  const command = async (
    args: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<{ code: number | null; output: string }> => {
    const asked = run([...args, '--api', page(), '--ca', ca], { VIGIL_DATA: data, ...environment });
    return { code: await asked.ended(), output: asked.output() };
  };
  const fileOf = ({ token }: Made, name: string): string => {
    writeFileSync(join(data, name), `${token}\n`);
    return join(data, name);
  };

  it('take a token from a file or the environment, and show it nowhere', async () => {
    const inEnvironment = { VIGIL_TOKEN: analyst.token, VIGIL_METRICS_TOKEN: prometheus.token };
    const verified = await command(['verify', 'ledger', '--tenant', 'demo'], inEnvironment);
    expect(verified.output).toContain('The ledger adds up.');
    expect(verified.code).toBe(0);
    const doctor = [
      'doctor',
      '--tenant',
      'demo',
      '--detector',
      adminUrl(),
      '--sender-token-file',
      fileOf(laptop, 'laptop'),
    ];
    const all = await command(doctor, inEnvironment);
    expect(all.output).toMatch(/ok +collector +https:.*, and it accepts the token of --sender-token-file/);
    for (const part of ['audit API', 'detector', 'recorder', 'ledger'])
      expect(all.output).toMatch(new RegExp(`ok +${part} `));
    const wrong = await command([
      ...doctor.slice(0, -1),
      fileOf(analyst, 'analyst'),
      '--token-file',
      fileOf(laptop, 'l'),
    ]);
    expect(wrong.output).toMatch(/broken +audit API.*403.*does not read the audit API/);
    expect(wrong.output).toMatch(/unknown +detector +its metrics need a token/);
    expect(wrong.code).toBe(1);
    for (const { output } of [verified, all, wrong])
      for (const { token } of [analyst, laptop, prometheus]) expect(output).not.toContain(token);
  });

  it('say what is missing, and send no token in plaintext', async () => {
    const without = await command(['verify', 'ledger']);
    expect([without.code, without.output]).toEqual([1, expect.stringContaining('answered 401')]);
    const inPlaintext = run(['verify', 'ledger', '--api', 'http://vigil.example:8080'], { VIGIL_TOKEN: analyst.token });
    expect(await inPlaintext.ended()).toBe(1);
    expect(inPlaintext.output()).toContain('the token is not sent in plaintext');
  });

  it('trust the certificate of their own Vigil, regardless of the name in it', async () => {
    const port = new URL(page()).port;
    const environment = {
      ...files,
      VIGIL_DATA: data,
      VIGIL_HOST: '0.0.0.0',
      VIGIL_HTTP_PORT: port,
      VIGIL_TOKEN: analyst.token,
    };
    const own = run(['verify', 'ledger', '--tenant', 'demo'], environment);
    expect([await own.ended(), own.output()]).toEqual([0, expect.stringContaining('The ledger adds up.')]);
  });
});

describe('the page', () => {
  it('asks for a token, shows what that reads, and forgets it', async () => {
    const watched = await browser.openPage({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
    const { page: tab } = watched;
    await tab.goto(`${page()}/alerts?tenant=demo`);
    const field = tab.getByLabel('Token', { exact: true });
    const shots = process.env['SHOTS'];
    await field.waitFor();
    if (shots !== undefined) await tab.screenshot({ path: join(shots, 'sign-in.png') });
    await field.fill(laptop.token);
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByText('This credential does not read the audit API').waitFor();
    if (shots !== undefined) await tab.screenshot({ path: join(shots, 'refused.png') });
    await field.fill(analyst.token);
    await tab.keyboard.press('Enter');
    // The address was kept, and the stream stands: the cookie goes with both.
    await tab.locator('[role=row][data-row]').first().waitFor();
    await tab.locator('.line.live').waitFor();
    if (shots !== undefined) await tab.screenshot({ path: join(shots, 'signed-in.png') });
    expect(new URL(tab.url()).search).toContain('tenant=demo');
    const cookies = await tab.context().cookies();
    expect(cookies).toMatchObject([{ name: '__Host-vigil', httpOnly: true, secure: true, sameSite: 'Strict' }]);
    const seenByScripts = String(
      await tab.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })'),
    );
    expect(seenByScripts).not.toMatch(/__Host|vigil_[0-9a-f]/);
    expect(cookies[0]?.value).not.toContain(analyst.token);
    await tab.reload();
    await tab.locator('[role=row][data-row]').first().waitFor();

    await tab.getByRole('button', { name: 'Sign out' }).click();
    await field.waitFor();
    expect(await tab.context().cookies()).toEqual([]);
    await watched.close();
  });

  it('shows one tenant to whom reads one, and the form again when the credential is revoked', async () => {
    const watched = await browser.openPage({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
    const { page: tab } = watched;
    await tab.goto(`${page()}/alerts`);
    await tab.getByLabel('Token', { exact: true }).fill(demoReader.token);
    await tab.keyboard.press('Enter');
    await tab.locator('[role=row][data-row]').first().waitFor();
    expect(await tab.getByRole('button', { name: 'Tenant' }).count()).toBe(0);
    await tokens('revoke', demoReader.id);
    await until('it is out', async () => (await ask(`${page()}/v1/alerts`, demoReader.token)).status === 401);
    await tab.getByRole('link', { name: 'Sessions' }).click();
    await tab.getByLabel('Token', { exact: true }).waitFor();
    await watched.close();
  });
});

it('uses new certificates without a restart, on each port', async () => {
  const commonNameAt = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.once('error', reject);
    });
  const ports = [Number(new URL(page()).port), admin];
  expect(await Promise.all(ports.map(commonNameAt))).toEqual(['first', 'first']);
  write(await issue('second'));
  await until('both have it', async () =>
    (await Promise.all(ports.map(commonNameAt))).every((name) => name === 'second'),
  );
});
