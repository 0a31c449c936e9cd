/** `npm run check:structure`: fails when the structure of the sources breaks its rules (`structure.mjs`, `rooms.mjs`). */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { ENTRANCES, ROOMS } from './rooms.mjs';
import { examine } from './structure.mjs';

const files = execFileSync('git', ['ls-files', '-z', '*.ts', '*.tsx', '*.mjs'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(file));
const { problems, sources, imports } = examine(files, (file) => readFileSync(file, 'utf8'), {
  rooms: ROOMS,
  entrances: ENTRANCES,
});
for (const problem of problems) console.error(problem);
console.log(`structure: ${sources} sources, ${imports} imports, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
