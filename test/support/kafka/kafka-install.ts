/** Brings the jars of an Apache Kafka broker from Maven Central into a folder outside the repository, once per machine. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../platform/files/package-root.ts';

const run = promisify(execFile);
const CACHE = join(homedir(), '.cache', 'vigil-test');
const INSTALLED = join(CACHE, 'kafka-4.1.0');
const DOWNLOAD_MS = 300_000;

export type Installed = { readonly libs: string } | { readonly missing: string };

let installing: Promise<Installed> | undefined;

/** Several test processes may come first at the same time: each brings its own copy, and one of them becomes the folder. */
export function installKafka(): Promise<Installed> {
  installing ??= install();
  return installing;
}

async function install(): Promise<Installed> {
  if (!(await runs('java', ['-version']))) return { missing: 'no Java on this machine' };
  if (existsSync(INSTALLED)) return { libs: INSTALLED };
  if (!(await runs('mvn', ['-version']))) return { missing: 'no Maven on this machine' };
  const copy = join(CACHE, `kafka-4.1.0.${process.pid}`);
  mkdirSync(copy, { recursive: true });
  try {
    const pom = join(packageRoot, 'test', 'support', 'kafka', 'kafka-pom.xml');
    await run(
      'mvn',
      ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${copy}`],
      {
        timeout: DOWNLOAD_MS,
      },
    );
    if (!readdirSync(copy).some((name) => name.startsWith('kafka_'))) return { missing: 'Maven brought no broker' };
    if (!existsSync(INSTALLED)) renameSync(copy, INSTALLED);
    return { libs: INSTALLED };
  } catch (error) {
    if (existsSync(INSTALLED)) return { libs: INSTALLED };
    return { missing: `Kafka could not be downloaded: ${String(error).slice(0, 300)}` };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function runs(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  );
}
