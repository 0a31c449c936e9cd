/**
 * The sign-ins of browsers: random ids, kept as hashes in the memory of this process. Each request checks the credential
 * behind its id, so a revoked one stops at once. Pure: the clock and the source of ids are parameters.
 */
import type { CredentialInForce } from '../../access/client.ts';

export interface SignIn {
  /** Identifies the client's credential. */
  readonly key: string;
  /** ms since epoch */
  readonly endsAt: number;
}

export interface SignIns {
  open(credential: CredentialInForce): { readonly id: string; readonly endsAt: number };
  /** Undefined for an id that is unknown or has expired. */
  find(id: string): SignIn | undefined;
  close(id: string): void;
}

export interface SignInsDeps {
  readonly now: () => number;
  /** An id that nobody can guess. */
  readonly newId: () => string;
  readonly sha256: (text: string) => string;
}

/** A working day. */
export const SIGN_IN_MS = 12 * 3_600_000;
/** One more sign-in ends the oldest. */
const MAX_PER_CREDENTIAL = 32;
const MAX_SIGN_INS = 10_000;

export function createSignIns({ now, newId, sha256 }: SignInsDeps): SignIns {
  /** Sign-ins by the hash of their id, oldest first. */
  const open = new Map<string, SignIn>();
  const forgetEnded = (): void => {
    for (const [hash, { endsAt }] of open) if (endsAt <= now()) open.delete(hash);
  };
  const makeRoom = (key: string): void => {
    forgetEnded();
    const own = [...open].filter(([, signIn]) => signIn.key === key);
    const [oldest] = own.length >= MAX_PER_CREDENTIAL ? own : open.size >= MAX_SIGN_INS ? [...open] : [];
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
