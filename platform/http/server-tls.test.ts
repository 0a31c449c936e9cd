import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, type Server, connect, createServer } from 'node:tls';
import { type Authority, type Issued, createAuthority } from '../../test/support/certificates.ts';
import { until } from '../../test/support/until.ts';
import { type Log, silentLog } from '../log.ts';
import { clientCertificateOf } from '../../access/certificates/client-certificate.ts';
import { type ServerTls, openServerTls } from './server-tls.ts';

let authority: Authority;
let folder: string;
let files: { certificate: string; key: string; clientCa?: string };
const errors: string[] = [];
const log: Log = {
  ...silentLog,
  error: (message, fields) => void errors.push(`${message}: ${String(fields?.['error'])}`),
};
const server = { ip: ['127.0.0.1'], dns: ['localhost'] };

beforeAll(async () => {
  authority = await createAuthority();
});
let tls: ServerTls | undefined;
let listening: Server | undefined;
beforeEach(() => {
  errors.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'vigil-tls-'));
  files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
});
afterEach(() => {
  tls?.stop();
  listening?.close();
  tls = listening = undefined;
  rmSync(folder, { recursive: true });
});

function write({ certificate, key }: Issued): void {
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key);
}
function open(clientCertificateRequired = false): ServerTls {
  return (tls = openServerTls({ files, clientCertificateRequired, log, now: Date.now, pollMs: 20 }));
}
/** A server that tells each connection who it says it is. */
async function listen(opened: ServerTls): Promise<number> {
  const started = createServer(opened.options(), (socket) =>
    socket.end(JSON.stringify(clientCertificateOf(socket) ?? null)),
  );
  started.on('tlsClientError', () => undefined);
  opened.attach(started);
  listening = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return (started.address() as AddressInfo).port;
}
interface Answer {
  readonly protocol: string | null;
  readonly isReused: boolean;
  readonly says: { readonly names: readonly string[]; readonly trouble?: string } | null;
}
async function ask(port: number, options: ConnectionOptions = {}): Promise<Answer> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate, ...options });
  let met = { protocol: null as string | null, isReused: false };
  socket.once('secureConnect', () => (met = { protocol: socket.getProtocol(), isReused: socket.isSessionReused() }));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return { ...met, says: JSON.parse(text) as Answer['says'] };
}
const commonNameAt = async (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });

describe('certificates in files', () => {
  it('are reloaded when they change, and broken files keep the previous ones', async () => {
    write(await authority.issue({ commonName: 'one', ...server }));
    const port = await listen(open());
    expect(await commonNameAt(port)).toBe('one');
    const other = await authority.issue({ commonName: 'other', ...server });
    writeFileSync(files.certificate, other.certificate);
    await until('the mismatch is logged', () => errors.length > 0);
    expect(errors).toEqual([
      `certificates not reloaded, the ones before stay: the key in ${files.key} is not the one of the certificate in ${files.certificate}`,
    ]);
    expect(await commonNameAt(port)).toBe('one');
    writeFileSync(files.key, other.key);
    await until('the other is there', async () => (await commonNameAt(port)) === 'other');
    rmSync(files.certificate);
    await until('the missing file is logged', () => errors.length > 1);
    expect(await commonNameAt(port)).toBe('other');
  });

  it('are reloaded behind links that are switched, as in a Kubernetes volume', async () => {
    for (const name of ['one', 'two']) {
      const issued = await authority.issue({ commonName: name, ...server });
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'tls.crt'), issued.certificate);
      writeFileSync(join(folder, name, 'tls.key'), issued.key);
    }
    symlinkSync('one', join(folder, '..data'));
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
    const port = await listen(open());
    expect(await commonNameAt(port)).toBe('one');
    symlinkSync('two', join(folder, '..new'));
    renameSync(join(folder, '..new'), join(folder, '..data'));
    await until('the second is there', async () => (await commonNameAt(port)) === 'two');
    expect(errors).toEqual([]);
  });

  it.each([
    ['are missing', () => undefined, /^there is no file .*tls\.crt$/],
    ['hold no PEM', () => write({ certificate: 'x', key: 'y' }), /tls\.crt does not hold a certificate in PEM$/],
    [
      'hold no key',
      async () => write({ ...(await authority.issue(server)), key: '' }),
      /tls\.key does not hold a private key without a passphrase in PEM$/,
    ],
    [
      'have ended',
      async () => write(await authority.issue({ ...server, notAfter: new Date(Date.now() - 1_000) })),
      /has ended at /,
    ],
    [
      'do not belong together',
      async () => write({ ...(await authority.issue(server)), key: (await authority.issue(server)).key }),
      /is not the one of the certificate/,
    ],
  ])('that %s stop the start in a sentence', async (_what, prepare: () => unknown, message) => {
    await prepare();
    expect(() => open()).toThrow(
      expect.objectContaining({ code: 'BAD_TLS', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('serve TLS 1.2 and later, nothing earlier', async () => {
    write(await authority.issue(server));
    const port = await listen(open());
    expect((await ask(port, { maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2');
    await expect(
      ask(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SSL|ECONNRESET/) as unknown,
    });
  });
});

describe('client certificates', () => {
  const certificateAndKey = async (
    by: Authority,
    subject: Parameters<Authority['issue']>[0],
  ): Promise<ConnectionOptions> => {
    const { certificate, key } = await by.issue(subject);
    return { cert: certificate, key };
  };
  beforeEach(async () => {
    write(await authority.issue(server));
    files.clientCa = join(folder, 'ca.crt');
    writeFileSync(files.clientCa, authority.certificate);
  });

  it('name who connects, by common name and alternative names', async () => {
    const port = await listen(open());
    const named = await certificateAndKey(authority, {
      commonName: 'laptop',
      dns: ['laptop.example'],
      email: ['ada@example'],
      ip: ['192.0.2.1'],
    });
    expect((await ask(port, named)).says).toMatchObject({ names: ['laptop', 'laptop.example', 'ada@example'] });
    const unnamed = await certificateAndKey(authority, { dns: ['a.example'] });
    expect((await ask(port, unnamed)).says?.names).toEqual(['a.example']);
    expect((await ask(port)).says).toBeNull();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'are asked for again of a session that comes back (%s)',
    async (maxVersion) => {
      const port = await listen(open());
      const named = await certificateAndKey(authority, { commonName: 'laptop' });
      const sessions: Buffer[] = [];
      const first = connect({ port, host: '127.0.0.1', ca: authority.certificate, maxVersion, ...named });
      first.on('session', (session) => sessions.push(session));
      for await (const _chunk of first);
      const again = await ask(port, { maxVersion, ...(sessions[0] === undefined ? {} : { session: sessions[0] }) });
      expect([again.isReused, again.says]).toEqual([false, null]);
    },
  );

  it('of other and expired certificates are reported as not accepted', async () => {
    const port = await listen(open());
    const strange = await certificateAndKey(await createAuthority('stranger'), { commonName: 'laptop' });
    expect((await ask(port, strange)).says).toMatchObject({ trouble: expect.stringMatching(/UNABLE_TO/) as unknown });
    const ended = await certificateAndKey(authority, { commonName: 'laptop', notAfter: new Date(Date.now() - 1_000) });
    expect((await ask(port, ended)).says).toMatchObject({ trouble: 'CERT_HAS_EXPIRED' });
  });

  it('can be required, and an authority removed', async () => {
    const port = await listen(open(true));
    const named = await certificateAndKey(authority, { commonName: 'laptop' });
    expect((await ask(port, named)).says?.names).toEqual(['laptop']);
    await expect(ask(port)).rejects.toMatchObject({ code: expect.any(String) as unknown });
    writeFileSync(String(files.clientCa), (await createAuthority('another')).certificate);
    await until('it is refused', () =>
      ask(port, named).then(
        () => false,
        () => true,
      ),
    );
  });
});
