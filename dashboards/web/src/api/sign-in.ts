/** Who is signed in here, and the two requests that change it. The token is sent once and kept nowhere: a cookie that no script can read stands for it. */
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import type { SignInState } from '../../../../schemas/api/sign-in.ts';
import { getJson, sendJson } from './client.ts';

const PATH = '/v1/sign-in';
const STATES: readonly unknown[] = ['open', 'signed_out', 'signed_in'] satisfies SignInState['state'][];
const isState = ({ state, reads }: Readonly<Record<string, unknown>>): boolean =>
  STATES.includes(state) && (state !== 'signed_in' || Array.isArray(reads));
/** What was signed in may be ended elsewhere: by its time, by whoever runs Vigil, in another window. */
const LOOK_MS = 30_000;

export const signInQuery = () =>
  queryOptions({
    queryKey: ['sign-in'] as const,
    queryFn: ({ signal }) => getJson<SignInState>(PATH, isState, signal),
    // Without an answer the screens say themselves what is wrong.
    retry: false,
    refetchInterval: ({ state }) => (state.data?.state === 'signed_in' ? LOOK_MS : false),
  });

/** @throws ApiError */
export const signIn = (token: string): Promise<SignInState> =>
  sendJson('POST', PATH, isState, { authorization: `Bearer ${token}` });

/** @throws ApiError */
export const signOut = (): Promise<SignInState> => sendJson('DELETE', PATH, isState, {});

/** From here on it is somebody else who looks: nothing stays of what was shown before. */
export function changeReader(queries: QueryClient, state: SignInState): void {
  const { queryKey } = signInQuery();
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] });
  queries.setQueryData(queryKey, state);
}
