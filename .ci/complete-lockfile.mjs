/**
 * npm leaves an optional package of another platform out of the lock file when the registry at hand does not have it, and
 * `npm ci` then refuses the lock file. This writes such entries from what their parents ask for, without an integrity,
 * so that machines of that platform fetch them by version. Run it after `npm install`: `node .ci/complete-lockfile.mjs`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['darwin', 'win32', 'linux', 'freebsd', 'android', 'openharmony'];
const PROCESSORS = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64'];
const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (
      lock.packages[`${path}/node_modules/${name}`] !== undefined ||
      lock.packages[`node_modules/${name}`] !== undefined
    )
      continue;
    const words = name.split(/[/-]/);
    const os = SYSTEMS.find((system) => words.includes(system));
    const cpu = PROCESSORS.find((processor) => words.includes(processor) || words.includes(`${processor}eabi`));
    if (os === undefined || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu === undefined ? {} : { cpu: [cpu] }),
      ...(entry.dev === true ? { dev: true } : {}),
      ...(os === 'linux' && words.includes('musl')
        ? { libc: ['musl'] }
        : os === 'linux' && words.includes('gnu')
          ? { libc: ['glibc'] }
          : {}),
      optional: true,
      os: [os],
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
