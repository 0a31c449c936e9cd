/**
 * Runs programs side by side, as many as there are cores, and prints what each wrote and how long it took. The parts are npm
 * scripts, those that take longest first: `node .ci/parts.mjs check:lint check:types`.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const waiting = process.argv.slice(2);

async function work() {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    const { code, output, seconds } = await run(part);
    console.log(`${code === 0 ? 'passed' : 'FAILED'} ${part} (${seconds} s)`);
    if (code !== 0) {
      console.log(output);
      process.exitCode = 1;
    }
  }
}

function run(part) {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', part], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output, seconds: Math.round((performance.now() - started) / 1000) }));
  });
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
