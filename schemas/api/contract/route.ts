/**
 * The contract of one route. The audit API mounts it with a handler, `/openapi.json` describes it, the console's client is
 * typed by it, and one test checks every route against it.
 */
import type { z } from 'zod';
import type { Right } from '../rights.ts';

export interface RouteContract {
  /** The operation's id in `/openapi.json`: a verb and a noun. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'delete';
  /** A parameter is a whole segment in braces, as in `/v1/alerts/{alertId}`. */
  readonly path: `/${string}`;
  /** The right that the client needs; `none` serves everyone, without a credential. */
  readonly right: Right | 'none';
  readonly summary: string;
  readonly description?: string;
  /** The parameters in the path, by name. A route that has some may answer 404. */
  readonly parameters?: z.ZodObject;
  /** A query that accepts `tenant` makes the route one about a tenant: the client must be allowed to read it. Without a schema, the query is ignored. */
  readonly query?: z.ZodObject;
  /** The answer with status 200. */
  readonly answer: Answer;
  /** Whether answering needs the warehouse: the number of such requests at a time is limited, and they may answer 503. */
  readonly readsWarehouse?: true;
  /** Other problems that the route may answer with, by status: when it does. */
  readonly problems?: Readonly<Record<number, string>>;
  /** Whether only the console, served by the same host, may send it: its effect reaches the browser that sends it (CSRF). */
  readonly onlyOwnPage?: true;
  /** Whether requests under any host name are served: a probe asks by address. */
  readonly anyHost?: true;
}

export type Answer =
  /** JSON that the schema describes; `/openapi.json` lists the schema under this name. */
  | { readonly kind: 'json'; readonly name: string; readonly schema: z.ZodType }
  | { readonly kind: 'text'; readonly mediaType: string; readonly description: string }
  /** Text that goes on until either side closes the connection. */
  | { readonly kind: 'stream'; readonly mediaType: string; readonly description: string };

/** Keeps the literal types, from which the types of path, query and answer are derived. */
export const route = <const C extends RouteContract>(contract: C): C => contract;

export const json = <const N extends string, S extends z.ZodType>(name: N, schema: S) =>
  ({ kind: 'json', name, schema }) as const;

/** Whether a request names the tenant whose data it is about. */
export const isAboutTenant = ({ query }: RouteContract): boolean => query !== undefined && 'tenant' in query.shape;

type Parsed<S> = S extends z.ZodType ? z.output<S> : object;

/** The query as a handler gets it: checked, and with the tenant whose data the client may read. */
export type QueryOf<C extends RouteContract> =
  Parsed<C['query']> extends { readonly tenant?: unknown }
    ? Omit<Parsed<C['query']>, 'tenant'> & { readonly tenant: string }
    : Parsed<C['query']>;

export type ParametersOf<C extends RouteContract> = Parsed<C['parameters']>;

/** The body of the answer; a stream has none that is complete. */
export type AnswerOf<C extends RouteContract> = C['answer'] extends {
  readonly kind: 'json';
  readonly schema: infer S extends z.ZodType;
}
  ? z.output<S>
  : C['answer'] extends { readonly kind: 'text' }
    ? string
    : undefined;
