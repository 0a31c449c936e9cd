/** The operating system's reason for a failed file operation, without Node's wrapping. */
import { getSystemErrorMap } from 'node:util';
import { messageOf } from '../shell-error.ts';

/** For example "permission denied" from "EACCES: permission denied, mkdir '/x'". */
export function reasonOf(error: unknown): string {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a file is in the place of a folder';
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known?.[1] ?? messageOf(error);
}
