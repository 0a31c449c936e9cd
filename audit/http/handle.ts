/** A route's contract together with the function that answers its requests. */
import type { Request, Response } from 'express';
import type { Client } from '../../access/client.ts';
import type { AnswerOf, ParametersOf, QueryOf, RouteContract } from '../../schemas/api/contract/route.ts';
import type { ProblemAnswer } from './problem.ts';

/** A request that passed every check of its contract. */
export interface Call<C extends RouteContract> {
  readonly query: QueryOf<C>;
  readonly parameters: ParametersOf<C>;
  /** Undefined where the route needs no right. */
  readonly client: Client | undefined;
  readonly request: Request;
  /** For headers; a stream writes to it. */
  readonly response: Response;
}

export type Handler<C extends RouteContract> = (call: Call<C>) => Result<C> | Promise<Result<C>>;

type Result<C extends RouteContract> = Immutable<AnswerOf<C>> | ProblemAnswer;

type Immutable<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer E)[]
    ? readonly Immutable<E>[]
    : { readonly [K in keyof T]: Immutable<T[K]> };

export interface HandledRoute {
  readonly contract: RouteContract;
  readonly handler: (call: UntypedCall) => unknown;
}

export interface UntypedCall extends Omit<Call<RouteContract>, 'query' | 'parameters'> {
  readonly query: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export function handle<C extends RouteContract>(contract: C, handler: Handler<C>): HandledRoute {
  // Query and parameters were parsed by this contract's schemas.
  return { contract, handler: (call) => handler(call as Call<C>) };
}
