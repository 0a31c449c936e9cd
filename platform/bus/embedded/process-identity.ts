/** Tells whether another process of this machine still lives, so that what it held can be taken over at once. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

export const ProcessIdentity = z.object({
  /** Process ids mean something only to those who share the machine, its boot and the space of process ids. */
  machine: z.string(),
  pid: z.int(),
  /** Start of the process as the kernel counts it, because ids are used again. Empty where it cannot be known. */
  startedAt: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

export function thisProcess(): ProcessIdentity {
  const bootId = read('/proc/sys/kernel/random/boot_id').trim();
  return { machine: `${hostname()}/${bootId}/${pidNamespace()}`, pid: process.pid, startedAt: startOf(process.pid) };
}

/** Certain only when true: of another machine, or without the means to know, a process counts as alive. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.machine !== self.machine) return false;
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const startedAt = startOf(other.pid);
  return startedAt !== '' && other.startedAt !== '' && startedAt !== other.startedAt;
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
