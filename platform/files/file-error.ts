/** What the operating system says of a failed file operation, in its own words without Node's wrapping. */
import { getSystemErrorMap } from 'node:util';
import { messageOf } from '../shell-error.ts';

/** For example "permission denied" where the message reads "EACCES: permission denied, mkdir '/x'". */
export function reasonOf(error: unknown): string {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a file stands where a folder should';
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known?.[1] ?? messageOf(error);
}
