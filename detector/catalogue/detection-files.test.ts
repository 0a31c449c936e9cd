import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { detectionFiles } from './detection-files.ts';
import { fingerprintOf } from './load.ts';

let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'vigil-files-')));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (name: string): Promise<void> => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), name);
};
const namesIn = async (...below: string[]): Promise<string[]> =>
  (await detectionFiles([join(folder, ...below)])).files.map(({ file }) => file);

it('are the YAML files of a folder and its subfolders, in order', async () => {
  for (const name of ['b/two.yml', 'a.yaml', 'b/one.yaml', 'README.md', '.hidden.yaml', '.git/x.yaml'])
    await write(name);
  expect(await namesIn()).toEqual(['a.yaml', 'b/one.yaml', 'b/two.yml']);
});

it('are found once behind the links of a ConfigMap, and their fingerprint changes when it is replaced', async () => {
  await write('..2026_03_01/a.yaml');
  await write('..2026_03_01/b.yaml');
  await symlink('..2026_03_01', join(folder, '..data'));
  for (const name of ['a.yaml', 'b.yaml']) await symlink(`..data/${name}`, join(folder, name));
  const { files, problems } = await detectionFiles([folder]);
  expect(files).toEqual([
    { file: 'a.yaml', path: join(folder, '..2026_03_01', 'a.yaml') },
    { file: 'b.yaml', path: join(folder, '..2026_03_01', 'b.yaml') },
  ]);
  expect(problems).toEqual([]);

  const before = await fingerprintOf([folder]);
  await write('..2026_03_02/a.yaml');
  await write('..2026_03_02/b.yaml');
  await symlink('..2026_03_02', join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  expect(await fingerprintOf([folder])).not.toBe(before);
});

it('are found in a folder behind a link, even when the folder itself is given as a link', async () => {
  await write('elsewhere/sub/a.yaml');
  await mkdir(join(folder, 'own'));
  await symlink('../elsewhere', join(folder, 'own', 'linked'));
  await symlink('own', join(folder, 'given'));
  expect(await namesIn('given')).toEqual(['linked/sub/a.yaml']);
});

it('are found once when links form a circle or several lead to the same place', async () => {
  await write('own/a.yaml');
  await write('own/sub/b.yaml');
  await symlink('.', join(folder, 'own', 'self'));
  await symlink('..', join(folder, 'own', 'sub', 'up'));
  await symlink('sub', join(folder, 'own', 'zz-again'));
  await symlink('a.yaml', join(folder, 'own', 'zz-again.yaml'));
  expect(await namesIn('own')).toEqual(['a.yaml', 'sub/b.yaml']);
});

it('are distinguished from broken links', async () => {
  await write('a.yaml');
  await symlink('nowhere.yaml', join(folder, 'dangling.yaml'));
  await symlink('round.yaml', join(folder, 'round.yaml'));
  const { files, problems } = await detectionFiles([folder]);
  expect(files).toHaveLength(1);
  expect(problems).toEqual([
    { file: 'dangling.yaml', reason: expect.stringMatching(/^the link is broken \(.*ENOENT/) },
    { file: 'round.yaml', reason: expect.stringMatching(/^the link is broken \(.*ELOOP/) },
  ]);
});

it('are rejected as a whole when folders nest without end, or the folder is missing', async () => {
  await write(`own/${'x/'.repeat(3)}a.yaml`);
  await write(`deep/${'x/'.repeat(4)}a.yaml`);
  await symlink('../../../../deep', join(folder, 'own', 'x', 'x', 'x', 'linked'));
  await expect(namesIn('own')).rejects.toMatchObject({
    code: 'BAD_DETECTIONS',
    message: expect.stringContaining('nest deeper than 6'),
  });
  await expect(namesIn('nosuch')).rejects.toMatchObject({
    code: 'BAD_DETECTIONS',
    message: expect.stringMatching(/^cannot read detections: .*ENOENT: .*nosuch/),
  });
  await expect(namesIn('deep', 'x', 'x', 'x', 'x', 'a.yaml')).rejects.toMatchObject({
    message: expect.stringContaining('ENOTDIR'),
  });
});
