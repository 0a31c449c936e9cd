/** `/openapi.json`: the API's description, made from the zod values that requests and answers are checked by. */
import { z } from 'zod';
import { AgentEvent } from '../schemas/records/agent-event.ts';
import { Alert } from '../schemas/records/alert.ts';
import {
  AlertDetail,
  AlertList,
  AgentsQuery,
  AlertsQuery,
  EventList,
  EventsQuery,
  LedgerQuery,
  NoQuery,
  PipelineLedger,
  Problem,
  SeenAgents,
  SessionDetail,
  SessionList,
  SessionSummary,
  SessionTelemetry,
  SessionsQuery,
  Setup,
  SignInState,
  TenantQuery,
} from '../schemas/api/api.ts';

const COMPONENTS = {
  AgentEvent,
  Alert,
  SessionSummary,
  AlertList,
  EventList,
  SessionList,
  AlertDetail,
  SessionDetail,
  SessionTelemetry,
  PipelineLedger,
  SeenAgents,
  Setup,
  SignInState,
  Problem,
} as const;
type ComponentName = keyof typeof COMPONENTS;

interface Resource {
  readonly path: string;
  /** `get` unless it says otherwise. */
  readonly method?: 'post' | 'delete';
  /** Everybody reads it; else a credential is needed where one is needed at all. */
  readonly isOpen?: true;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  /** Path parameter and what it is. */
  readonly parameter?: { readonly name: string; readonly description: string; readonly schema: object };
  readonly answer: ComponentName | { readonly type: string; readonly description: string };
}

const ALERT_ID = {
  name: 'alertId',
  description: 'Id of the alert',
  schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
};
const SESSION_ID = {
  name: 'sessionId',
  description:
    'Session, as its agent names it; a `~` goes before an id of nothing but dots and before one that begins with `~`, since paths lose the segments `.` and `..`',
  schema: { type: 'string', minLength: 1, maxLength: 257 },
};

const RESOURCES: readonly Resource[] = [
  {
    path: '/v1/alerts',
    id: 'listAlerts',
    summary: 'Alerts, latest evidence first, or last with order=oldest',
    query: AlertsQuery,
    answer: 'AlertList',
  },
  {
    path: '/v1/alerts/{alertId}',
    id: 'getAlert',
    summary: 'One alert with the events of its evidence',
    query: TenantQuery,
    parameter: ALERT_ID,
    answer: 'AlertDetail',
  },
  {
    path: '/v1/events',
    id: 'listEvents',
    summary: 'Events; newest first, or with sessionId in the order in which they happened',
    query: EventsQuery,
    answer: 'EventList',
  },
  {
    path: '/v1/sessions',
    id: 'listSessions',
    summary:
      'Sessions, last active first, or last with order=oldest; with from and to those that were active in between',
    query: SessionsQuery,
    answer: 'SessionList',
  },
  {
    path: '/v1/sessions/{sessionId}',
    id: 'getSession',
    summary: 'One session: summary, events as they happened, alerts',
    query: TenantQuery,
    parameter: SESSION_ID,
    answer: 'SessionDetail',
  },
  {
    path: '/v1/pipeline/ledger',
    id: 'getLedger',
    summary: 'What became of every input record, by collector, sender and signal',
    description:
      'Of each account received = accepted + skipped + rejected + duplicate, and accepted = published + waiting + refused + lost. Collectors tell it every few seconds; vigil verify ledger checks it.',
    query: LedgerQuery,
    answer: 'PipelineLedger',
  },
  {
    path: '/v1/pipeline/agents',
    id: 'listAgents',
    summary: 'Agents that were seen, and which fields their events have',
    description:
      'For each program how many events could have a field and how many do: what its settings leave out shows here. vigil doctor says what that means for detections.',
    query: AgentsQuery,
    answer: 'SeenAgents',
  },
  {
    path: '/v1/stream',
    id: 'followAlerts',
    summary: 'New alerts and revisions as server-sent events',
    description:
      'Each `alert` event carries one Alert as JSON and an id; an id alone comes at the beginning. After a break, Last-Event-ID brings what was missed; a `reset` event says that it is not known any more, and the list should be asked again.',
    query: TenantQuery,
    answer: { type: 'text/event-stream', description: 'Events until either side closes' },
  },
  {
    path: '/v1/setup',
    id: 'getSetup',
    summary: 'Where agents send their telemetry, and what to write in each agent’s configuration',
    query: NoQuery,
    answer: 'Setup',
  },
  {
    path: '/v1/sign-in',
    id: 'whoReads',
    summary: 'Whether one has to sign in, and who one is',
    isOpen: true,
    query: NoQuery,
    answer: 'SignInState',
  },
  {
    path: '/v1/sign-in',
    method: 'post',
    id: 'signIn',
    summary: 'Takes the credential of the request and gives a browser a cookie for it',
    description:
      'For the page of this server only: a request that another page makes, or none, is refused. Programs send their credential with each request.',
    answer: 'SignInState',
  },
  {
    path: '/v1/sign-in',
    method: 'delete',
    id: 'signOut',
    summary: 'Ends the sign-in of the cookie',
    description: 'For the page of this server only.',
    isOpen: true,
    answer: 'SignInState',
  },
  {
    path: '/healthz',
    isOpen: true,
    id: 'health',
    summary: 'The process lives',
    answer: { type: 'text/plain', description: 'ok' },
  },
  {
    path: '/readyz',
    isOpen: true,
    id: 'readiness',
    summary: 'The warehouse and the log can be reached',
    answer: { type: 'text/plain', description: 'ready' },
  },
  {
    path: '/metrics',
    id: 'metrics',
    summary: 'Counters for Prometheus',
    answer: { type: 'text/plain', description: 'Exposition format' },
  },
  {
    path: '/openapi.json',
    id: 'describe',
    summary: 'This document',
    answer: { type: 'application/json', description: 'OpenAPI 3.1' },
  },
];

const REF = '#/components/schemas/';

export function openApiDocument(): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vigil audit API',
      version: '1',
      summary: 'What AI coding agents did, and what was found in it',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    paths: pathsOf(RESOURCES),
    components: { schemas: schemas(), securitySchemes: SECURITY },
  };
}

function pathsOf(resources: readonly Resource[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const resource of resources)
    paths[resource.path] = { ...paths[resource.path], [resource.method ?? 'get']: operationOf(resource) };
  return paths;
}

/** What vigil tokens create --for read (of /metrics: --for metrics) makes; none where everybody reads, as on loopback. */
const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A token of the use `read`, of /metrics `metrics`' },
  basic: { type: 'http', scheme: 'basic', description: 'The name of the sender, and the token as password' },
  cookie: { type: 'apiKey', in: 'cookie', name: '__Host-vigil', description: 'Of POST /v1/sign-in' },
} as const;

function operationOf(resource: Resource): object {
  const { id, summary, description, query, parameter, answer } = resource;
  const content =
    typeof answer === 'string'
      ? { 'application/json': { schema: { $ref: `${REF}${answer}` } } }
      : { [answer.type]: { schema: { type: answer.type === 'application/json' ? 'object' : 'string' } } };
  const parameters = [
    ...(parameter === undefined ? [] : [{ ...parameter, in: 'path', required: true }]),
    ...(query === undefined ? [] : queryParameters(query)),
  ];
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    security: resource.isOpen === true ? [{}] : [{}, ...Object.keys(SECURITY).map((name) => ({ [name]: [] }))],
    responses: {
      200: { description: typeof answer === 'string' ? summary : answer.description, content },
      ...problemsOf(resource),
    },
  };
}

const PROBLEM = { 'application/problem+json': { schema: { $ref: `${REF}Problem` } } };
const header = (name: string, description: string, type: string): object => ({
  headers: { [name]: { description, schema: { type } } },
});

/** What can go wrong with a request, by status; each is a problem document. */
function problemsOf({ path, query, parameter, isOpen, method }: Resource): Readonly<Record<string, object>> {
  const problem = (description: string, more: object = {}): object => ({ description, ...more, content: PROBLEM });
  const watched = path === '/healthz' || path === '/readyz';
  return {
    400: problem(
      query === undefined
        ? 'The address cannot be read'
        : 'A parameter is wrong, and errors names it; or the address cannot be read',
    ),
    ...(isOpen === true
      ? {}
      : {
          401: problem(
            'No credential, where one is needed, or one that is not known or has ended',
            header('WWW-Authenticate', 'Bearer', 'string'),
          ),
        }),
    ...(isOpen === true && method === undefined
      ? {}
      : {
          403: problem('The credential is for something else, or for other tenants; or another page made the request'),
        }),
    ...(parameter === undefined ? {} : { 404: problem('It is not there') }),
    405: problem('The method is not taken here', header('Allow', 'The methods that are taken', 'string')),
    413: problem('The request carries a body'),
    ...(watched ? {} : { 421: problem('This host name is not served here (VIGIL_ALLOWED_HOSTS)') }),
    500: problem('It failed here; the log of the process says how'),
    ...((path.startsWith('/v1/') && path !== '/v1/sign-in') || path === '/readyz'
      ? {
          503: problem(
            'Not possible at present: the warehouse does not answer in time, answering costs too much, or too many wait',
            header('Retry-After', 'When to ask again (s); absent where asking for less is what helps', 'integer'),
          ),
        }
      : {}),
  };
}

function queryParameters(query: z.ZodObject): readonly object[] {
  // What is read out of the text says more than that it is text: a list of words, a number within bounds.
  const { properties = {} } = z.toJSONSchema(query, { io: 'output', override: published });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as Readonly<Record<string, unknown>>;
    return {
      name,
      in: 'query',
      required: false,
      ...(description === undefined ? {} : { description }),
      // Several values are one parameter, separated by commas.
      ...(schema['type'] === 'array' ? { style: 'form', explode: false } : {}),
      schema,
    };
  });
}

/** How a field is stored is no part of the contract; its unit is, in words that every reader of schemas shows. */
function published({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  const { unit, description } = jsonSchema;
  delete jsonSchema['clickhouse'];
  delete jsonSchema['unit'];
  if (typeof unit === 'string' && typeof description === 'string' && !description.endsWith(`(${unit})`))
    jsonSchema['description'] = `${description} (${unit})`;
}

/** Components that refer to each other, instead of repeating each other. */
function schemas(): Record<string, object> {
  const registry = z.registry<{ readonly id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas: made } = z.toJSONSchema(registry, { uri: (id) => `${REF}${id}`, override: published });
  return Object.fromEntries(
    Object.entries(made).map(([id, schema]) => {
      // Their address within the document is what names them.
      const { $id: _address, $schema: _dialect, ...rest } = schema as Record<string, unknown>;
      return [id, rest];
    }),
  );
}
