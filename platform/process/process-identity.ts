/** Checks whether another process is still alive, so that what it held can be taken over immediately. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const ProcessIdentity = z.object({
  /** Host, boot and namespace of process ids: processes that share all three can see each other. */
  machine: z.string(),
  pid: z.int(),
  /** When the process started, according to the kernel, because process ids are reused. Empty if unknown. */
  startedAt: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

export function thisProcess(): ProcessIdentity {
  const bootId = read('/proc/sys/kernel/random/boot_id').trim();
  return { machine: [hostname(), bootId, pidNamespace()].join('/'), pid: process.pid, startedAt: startOf(process.pid) };
}

/**
 * Returns what is known about another process: `unknown` for one on another machine or in another container, and when
 * its id is alive but it is unknown whether that is still the same process.
 */
export function fateOf(other: ProcessIdentity, self: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  const [host, boot = '', space] = other.machine.split('/');
  const [ownHost, ownBoot = '', ownSpace] = self.machine.split('/');
  if (host !== ownHost) return 'unknown';
  if (boot !== ownBoot) return boot !== '' && ownBoot !== '' ? 'gone' : 'unknown';
  if (space !== ownSpace) return 'unknown';
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'gone';
  }
  const startedAt = startOf(other.pid);
  if (startedAt === '' || other.startedAt === '') return 'unknown';
  return startedAt === other.startedAt ? 'alive' : 'gone';
}

/**
 * True only if the process has certainly ended. A process on another machine, or one that cannot be checked, counts as
 * alive.
 */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  return fateOf(other, self) === 'gone';
}

/**
 * Reads field 22 of proc(5) stat. The program name before it may contain any character, including brackets and spaces.
 */
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
