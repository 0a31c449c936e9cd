/** Who is signed in, and the requests that change it. The page sends the token once and does not keep it; afterwards it has a cookie that no script can read. */
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import type { SignInState } from '../../../../schemas/api/sign-in.ts';
import { get, send } from './client.ts';

const PATH = '/v1/sign-in';
const STATES: readonly unknown[] = ['open', 'signed_out', 'signed_in'] satisfies SignInState['state'][];
const isState = ({ state, reads }: Readonly<Record<string, unknown>>): boolean =>
  STATES.includes(state) && (state !== 'signed_in' || Array.isArray(reads));
/** A sign-in may end elsewhere: it expires, an administrator revokes the token, another window signs out. */
const POLL_MS = 30_000;

export const signInQuery = () =>
  queryOptions({
    queryKey: ['sign-in'] as const,
    queryFn: ({ signal }) => get(PATH, { isShape: isState, signal }),
    // Without an answer, each screen reports what is wrong.
    retry: false,
    refetchInterval: ({ state }) => (state.data?.state === 'signed_in' ? POLL_MS : false),
  });

/** @throws ApiError */
export const signIn = (token: string): Promise<SignInState> =>
  send('post', PATH, { isShape: isState, headers: { authorization: `Bearer ${token}` } });

/** @throws ApiError */
export const signOut = (): Promise<SignInState> => send('delete', PATH, { isShape: isState });

/** Forgets all that the previous reader was shown. */
export function changeReader(queries: QueryClient, state: SignInState): void {
  const { queryKey } = signInQuery();
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] });
  queries.setQueryData(queryKey, state);
}
