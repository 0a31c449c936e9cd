import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../test/support/until.ts';
import { type Log, silentLog } from '../platform/log.ts';
import { addCredential } from './tokens/change.ts';
import { changeClients, followClients, readClients } from './clients-file.ts';
import { newToken } from './tokens/token.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-senders-'));
  path = join(folder, 'tokens.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function add(sender: string): Promise<string> {
  const token = newToken();
  await changeClients(path, (clients) =>
    addCredential(clients, { name: { tenant: 'acme', sender }, use: 'telemetry', terms: {}, proof: token, now: 1 }),
  );
  return token.token;
}

describe('the file of clients', () => {
  it('is for its owner alone, and stays the owner’s when root changes it', async () => {
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(folder, 12_345, 12_346);
    await add('one');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    if (isRoot) expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 12_346 });
  });

  it('loses no change of several at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `sender-${index}`);
    await Promise.all(names.map(add));
    expect(
      readClients(path)
        .map(({ sender }) => sender)
        .sort(),
    ).toEqual([...names].sort());
  });

  it.each([
    ['{', /tokens\.json is not JSON: /],
    ['{"version":2,"senders":[]}', /is not a file of clients: version: /],
    [
      '{"version":1,"senders":[{"tenant":"a/b","sender":"x","use":"telemetry","credentials":[]}]}',
      /senders\.0\.tenant: a name of at most 64/,
    ],
    ['{"version":1,"senders":[{"tenant":"a","sender":"x","use":"telemetry","credentials":[],"quotas":{}}]}', /quotas/],
    [
      '{"version":1,"senders":[{"tenant":"a","sender":"x","use":"telemetry","credentials":[]},{"tenant":"a","sender":"x","use":"telemetry","credentials":[]}]}',
      /a\/x appears twice/,
    ],
  ])('that says %s is refused by name and place', async (text, message) => {
    writeFileSync(path, text);
    expect(() => readClients(path)).toThrow(
      expect.objectContaining({ code: 'BAD_TOKENS', message: expect.stringMatching(message) as unknown }),
    );
    await expect(add('one')).rejects.toMatchObject({ code: 'BAD_TOKENS' });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is followed; when it breaks or goes, the previous clients stay', async () => {
    const errors: string[] = [];
    const log: Log = { ...silentLog, error: (_, fields) => void errors.push(String(fields?.['error'])) };
    const followed = followClients({ path, configured: [], log, pollMs: 10 });
    try {
      expect(followed.value().clients).toEqual([]);
      const token = await add('one');
      await until('the client is known', () => followed.value().byToken(token)?.client.sender === 'one');
      expect(followed.value().byToken(newToken().token)).toBeUndefined();
      writeFileSync(path, '{');
      await until('the breach is logged', () => errors.length === 1);
      rmSync(path);
      await until('the gap is logged', () => errors.length === 2);
      expect(errors).toEqual([expect.stringMatching(/is not JSON/), `${path} is gone`]);
      expect(followed.value().byToken(token)).toBeDefined();
    } finally {
      followed.stop();
    }
  });
});
