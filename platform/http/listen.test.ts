import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { listen, urlOf } from './listen.ts';

const PURPOSE = { purpose: 'OTLP', setting: 'VIGIL_OTLP_PORT' };

it('takes a free port and says which', async () => {
  const server = createServer();
  const port = await listen(server, { host: '127.0.0.1', port: 0, ...PURPOSE });
  expect(port).toBe((server.address() as AddressInfo).port);
  await expect(listen(createServer(), { host: '127.0.0.1', port, ...PURPOSE })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: `port ${port} for OTLP is taken by another program; set VIGIL_OTLP_PORT to a free one`,
  });
  server.close();
  await once(server, 'close');
});

it('says that an address is not of this machine', async () => {
  await expect(listen(createServer(), { host: '192.0.2.1', port: 0, ...PURPOSE })).rejects.toMatchObject({
    code: 'CANNOT_LISTEN',
    message: 'VIGIL_HOST is 192.0.2.1, which is not an address of this machine',
  });
});

it.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['localhost', 'http://localhost:80'],
  ['::1', 'http://[::1]:80'],
])('%s in an address is %s', (host, url) => expect(urlOf(host, 80)).toBe(url));
