/** Types of `rooms.mjs`, for tests in TypeScript. */

export declare const ROOMS: Readonly<Record<string, { readonly imports: readonly string[] | 'all' }>>;
