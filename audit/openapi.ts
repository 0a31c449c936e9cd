/** `/openapi.json`: renders the contracts of the routes. */
import { z } from 'zod';
import { Problem } from '../schemas/api/contract/problem.ts';
import { isAboutTenant, type RouteContract } from '../schemas/api/contract/route.ts';
import { SessionSummary, SessionTelemetry } from '../schemas/api/sessions.ts';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { Alert } from '../schemas/records/alert.ts';

/** Schemas within answers that get a name of their own. */
const SHARED = { AgentEvent, Alert, SessionSummary, SessionTelemetry, Problem } as const;

const REF = '#/components/schemas/';

export function openApiDocument(routes: readonly RouteContract[]): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vigil audit API',
      version: '1',
      summary: 'What AI coding agents did, and what was found in it',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    paths: pathsOf(routes),
    components: { schemas: schemasOf(routes), securitySchemes: SECURITY },
  };
}

function pathsOf(routes: readonly RouteContract[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return paths;
}

const SECURITY = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of vigil tokens create NAME --for read; for /metrics, --for metrics',
  },
  basic: { type: 'http', scheme: 'basic', description: 'The name of the client, and the token as password' },
  cookie: { type: 'apiKey', in: 'cookie', name: '__Host-vigil', description: 'The cookie that POST /v1/sign-in sets' },
} as const;

/** A server on loopback, without settings, needs no credential. Otherwise each scheme names the right it must give. */
function securityOf({ right }: RouteContract): readonly object[] {
  return right === 'none' ? [{}] : [{}, ...Object.keys(SECURITY).map((name) => ({ [name]: [right] }))];
}

function operationOf(route: RouteContract): object {
  const { id, summary, description, query, parameters: inPath, answer } = route;
  const parameters = [
    ...(inPath === undefined ? [] : parametersOf(inPath, 'path')),
    ...(query === undefined ? [] : parametersOf(query, 'query')),
  ];
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    security: securityOf(route),
    responses: {
      200: { description: answer.kind === 'json' ? summary : answer.description, content: contentOf(route) },
      ...problemsOf(route),
    },
  };
}

function contentOf({ answer }: RouteContract): object {
  if (answer.kind === 'json') return { 'application/json': { schema: { $ref: `${REF}${answer.name}` } } };
  const type = answer.mediaType === 'application/json' ? 'object' : 'string';
  return { [answer.mediaType]: { schema: { type } } };
}

const PROBLEM = { 'application/problem+json': { schema: { $ref: `${REF}Problem` } } };
const header = (name: string, description: string, type: string): object => ({
  headers: { [name]: { description, schema: { type } } },
});
const RETRY_AFTER = header(
  'Retry-After',
  'When to ask again (s); absent where only a request for less can succeed',
  'integer',
);

/** What can go wrong with a request, by status; each is a problem document. */
function problemsOf(route: RouteContract): Readonly<Record<string, object>> {
  const { query, parameters, right, anyHost, onlyOwnPage, readsWarehouse, problems = {} } = route;
  const problem = (description: string, more: object = {}): object => ({ description, ...more, content: PROBLEM });
  const denied = [
    ...(right === 'none' ? [] : [`The credential does not give the right ${right}`]),
    ...(isAboutTenant(route) ? ['the credential does not read that tenant'] : []),
    ...(onlyOwnPage === true ? ['another page than the console of this server sent the request'] : []),
  ];
  const busy =
    'The warehouse does not answer in time, the answer would be too expensive, or too many requests are waiting';
  const others = { ...(readsWarehouse === true && { 503: busy }), ...problems };
  return {
    400: problem(
      query === undefined
        ? 'The address cannot be read'
        : 'A parameter is wrong, and errors names it; or the address cannot be read',
    ),
    ...(right !== 'none' && {
      401: problem(
        'A credential is needed; or the one that was sent is not known, has expired or was revoked',
        header('WWW-Authenticate', 'Bearer', 'string'),
      ),
    }),
    ...(denied.length > 0 && { 403: problem(denied.join('; or ').replace(/^t|^a/, (first) => first.toUpperCase())) }),
    ...(parameters !== undefined && { 404: problem('It does not exist') }),
    405: problem('The resource does not accept the method', header('Allow', 'The methods that it accepts', 'string')),
    413: problem('The request has a body'),
    ...(anyHost !== true && { 421: problem('This host name is not served here (VIGIL_ALLOWED_HOSTS)') }),
    500: problem('The server failed; its log has the reason'),
    ...Object.fromEntries(
      Object.entries(others).map(([status, when]) => [status, problem(when, status === '503' ? RETRY_AFTER : {})]),
    ),
  };
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): readonly object[] {
  // The output of a query's schema says more than its input, which is text: a list of words, a number within bounds.
  const io = place === 'query' ? 'output' : 'input';
  const { properties = {} } = z.toJSONSchema(schema, { io, override: published });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...described } = property as Readonly<Record<string, unknown>>;
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description === undefined ? {} : { description }),
      // Several values are one parameter, separated by commas.
      ...(described['type'] === 'array' ? { style: 'form', explode: false } : {}),
      schema: described,
    };
  });
}

/** Leaves out how a field is stored and what it holds. Moves its unit into the description, which every viewer of schemas shows. */
function published({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  const { unit, description } = jsonSchema;
  delete jsonSchema['clickhouse'];
  delete jsonSchema['unit'];
  delete jsonSchema['holds'];
  if (typeof unit === 'string' && typeof description === 'string' && !description.endsWith(`(${unit})`))
    jsonSchema['description'] = `${description} (${unit})`;
}

/** Components that refer to each other, instead of repeating each other. */
function schemasOf(routes: readonly RouteContract[]): Record<string, object> {
  const components = new Map<string, z.ZodType>(Object.entries(SHARED));
  for (const { answer } of routes) if (answer.kind === 'json') components.set(answer.name, answer.schema);
  const registry = z.registry<{ readonly id: string }>();
  for (const [id, schema] of components) registry.add(schema, { id });
  const { schemas: made } = z.toJSONSchema(registry, { uri: (id) => `${REF}${id}`, override: published });
  return Object.fromEntries(
    Object.entries(made).map(([id, schema]) => {
      // Their address within the document is their name.
      const { $id: _address, $schema: _dialect, ...rest } = schema as Record<string, unknown>;
      return [id, rest];
    }),
  );
}
