/**
 * Who is signed in with a browser: ids that mean nothing elsewhere, kept as hashes in the memory of this process. Each
 * request looks at the credential behind its id, so what is revoked is out at once. Pure: clock and chance are handed in.
 */
import type { CredentialInForce } from '../../access/client.ts';

export interface SignIn {
  /** Key of the client's credential. */
  readonly key: string;
  /** ms since epoch */
  readonly endsAt: number;
}

export interface SignIns {
  open(credential: CredentialInForce): { readonly id: string; readonly endsAt: number };
  /** Undefined for an id that is not known or has ended. */
  find(id: string): SignIn | undefined;
  close(id: string): void;
}

export interface SignInsDeps {
  readonly now: () => number;
  /** An id that nobody can guess. */
  readonly newId: () => string;
  readonly sha256: (text: string) => string;
}

/** A working day: who comes the next morning signs in again. */
export const SIGN_IN_MS = 12 * 3_600_000;
/** Of one credential; the one that was opened first ends when there is one more. */
const PER_CREDENTIAL = 32;
const IN_ALL = 10_000;

export function createSignIns({ now, newId, sha256 }: SignInsDeps): SignIns {
  /** By hash, in the order in which they were opened. */
  const open = new Map<string, SignIn>();
  const forgetEnded = (): void => {
    for (const [hash, { endsAt }] of open) if (endsAt <= now()) open.delete(hash);
  };
  const makeRoom = (key: string): void => {
    forgetEnded();
    const own = [...open].filter(([, signIn]) => signIn.key === key);
    const [oldest] = own.length >= PER_CREDENTIAL ? own : open.size >= IN_ALL ? [...open] : [];
    if (oldest !== undefined) open.delete(oldest[0]);
  };
  return {
    open: ({ key, endsAt = Infinity }) => {
      makeRoom(key);
      const id = newId();
      const signIn = { key, endsAt: Math.min(now() + SIGN_IN_MS, endsAt) };
      open.set(sha256(id), signIn);
      return { id, endsAt: signIn.endsAt };
    },
    find: (id) => {
      const signIn = open.get(sha256(id));
      return signIn !== undefined && signIn.endsAt > now() ? signIn : undefined;
    },
    close: (id) => void open.delete(sha256(id)),
  };
}
