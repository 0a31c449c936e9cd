/**
 * Uses one LMDB file of a folder at the same time as other processes. Run as a program: `file-user.ts FOLDER write NAME
 * COUNT` or `… open`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEnvironment } from '../environment.ts';
import { openFolderLock } from '../folder-lock.ts';

/** Exits with code 0 once `COUNT` commits, each with its own key, have returned. */
function write(folder: string, name: string, count: number): void {
  const exclusion = openFolderLock(folder);
  for (let number = 0; number < count; number += 1) {
    // Reopens the file now and then: its last user closes it while another process opens it.
    const environment = openEnvironment(join(folder, 'shared.mdb'), { create: true, mapBytes: 1024 ** 2, exclusion });
    for (const end = Math.min(count, number + 7); number < end; number += 1)
      environment?.transact(() => environment.store.putSync(Buffer.from(`${name} ${number}`), Buffer.alloc(10)));
    number -= 1;
    environment?.release();
  }
}

function openForEver(folder: string): never {
  const exclusion = openFolderLock(folder);
  for (;;) openEnvironment(join(folder, 'shared.mdb'), { create: true, mapBytes: 1024 ** 2, exclusion })?.release();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder = '', role, name = '', count] = process.argv;
  if (role === 'write') write(folder, name, Number(count));
  else openForEver(folder);
}
