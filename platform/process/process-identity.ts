/** Tells whether another process still lives, so that what it held can be taken over at once. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const ProcessIdentity = z.object({
  /** Host, boot and space of process ids: who shares all three sees the other's process. */
  machine: z.string(),
  pid: z.int(),
  /** Start of the process as the kernel counts it, because ids are used again. Empty where it cannot be known. */
  startedAt: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

export function thisProcess(): ProcessIdentity {
  const bootId = read('/proc/sys/kernel/random/boot_id').trim();
  return { machine: [hostname(), bootId, pidNamespace()].join('/'), pid: process.pid, startedAt: startOf(process.pid) };
}

/**
 * What can be known of another process: `unknown` when it is of another machine or container, and when its id lives but
 * nothing says whether that is still the same process.
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

/** Certain only when true: of another machine, or without the means to know, a process counts as alive. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  return fateOf(other, self) === 'gone';
}

/** Field 22 of proc(5) stat; the name of the program before it may contain anything, also brackets and spaces. */
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
