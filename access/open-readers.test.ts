import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../test/support/until.ts';
import { readConfig, tokensFile } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { addCredential, revokeCredential } from './tokens/change.ts';
import { changeSenders } from './clients-file.ts';
import { newToken } from './tokens/token.ts';
import { type OpenReaders, openReaders } from './open-readers.ts';

let data: string;
let opened: OpenReaders | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'vigil-readers-'));
});
afterEach(() => {
  opened?.stop();
  rmSync(data, { recursive: true });
});

const PRIVATE = { VIGIL_HOST: '0.0.0.0', VIGIL_ALLOW_PLAINTEXT: '1' };
function open(settings: Record<string, string>): OpenReaders {
  const config = readConfig({ VIGIL_DATA: data, ...settings });
  return (opened = openReaders({
    config,
    log: silentLog,
    metrics: createMetrics(),
    now: Date.now,
    who: 'audit',
    what: 'read',
  }));
}
const openTo = ({ readers }: OpenReaders): readonly boolean[] => [
  readers.isOpenTo('read'),
  readers.isOpenTo('metrics'),
];

it.each([
  ['on loopback', {}, [true, true]],
  ['on loopback, closed', { VIGIL_REQUIRE_CREDENTIALS: '1' }, [false, false]],
  ['in a private network', PRIVATE, [true, true]],
  [
    'in a private network, with a credential for one of them',
    { ...PRIVATE, VIGIL_CREDENTIALS: `${'a'.repeat(64)}:acme:script:read` },
    [false, true],
  ],
  [
    'in a private network, with one that sends',
    { ...PRIVATE, VIGIL_CREDENTIALS: `${'a'.repeat(64)}:acme:laptop` },
    [true, true],
  ],
])('%s everybody reads, or nobody does without a credential', (_where, settings, expected) => {
  expect(openTo(open(settings))).toEqual(expected);
});

it('in a private network closes with the first credential, and stays so when that is revoked or forgotten', async () => {
  const started = open(PRIVATE);
  expect(openTo(started)).toEqual([true, true]);
  const path = tokensFile(readConfig({ VIGIL_DATA: data }));
  const proof = newToken();
  const named = { tenant: 'acme', sender: 'ada' };
  await changeSenders(path, (senders) =>
    addCredential(senders, { named, use: 'read', terms: {}, proof, now: Date.now() }),
  );
  await until('it is closed', () => !started.readers.isOpenTo('read'));
  const authorization = `Bearer ${proof.token}`;
  expect(started.readers.byAuthorization(authorization)).toMatchObject({ kind: 'reader', reader: named });
  await changeSenders(path, (senders) => revokeCredential(senders, proof.id, Date.now()));
  await until('it is revoked', () => started.readers.byAuthorization(authorization).kind === 'unknown');
  await changeSenders(path, () => ({ senders: [], result: undefined }));
  await until('it is forgotten', () => {
    const identified = started.readers.byAuthorization(authorization);
    return identified.kind === 'unknown' && identified.message === 'The credential is not known';
  });
  expect(openTo(started)).toEqual([false, true]);
});
