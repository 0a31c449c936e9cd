import { EventsQuery } from '../schemas/api/events.ts';
import { AlertsQuery } from '../schemas/api/alerts.ts';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Severity } from '../schemas/records/alert.ts';
import { SessionsQuery } from '../schemas/api/sessions.ts';
import { ROUTES } from '../schemas/api/index.ts';
import { RIGHTS } from '../schemas/api/rights.ts';
import { openApiDocument } from './openapi.ts';

/** The parts of OpenAPI 3.1 that are used, each object closed: a misspelt key fails. */
const SchemaObject = z.record(z.string(), z.unknown());
const MediaTypes = z.record(z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/), z.strictObject({ schema: SchemaObject }));
const Parameter = z
  .strictObject({
    name: z.string().min(1),
    in: z.enum(['query', 'path']),
    required: z.boolean(),
    description: z.string().min(1),
    style: z.literal('form').optional(),
    explode: z.literal(false).optional(),
    schema: SchemaObject,
  })
  .refine((parameter) => parameter.in !== 'path' || parameter.required, 'a path parameter is required');
const Operation = z.strictObject({
  operationId: z.string().regex(/^[a-zA-Z]+$/),
  summary: z.string().min(1),
  description: z.string().optional(),
  parameters: z.array(Parameter).optional(),
  security: z.array(z.record(z.string(), z.array(z.enum(RIGHTS)))),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.strictObject({
      description: z.string().min(1),
      headers: z.record(z.string(), z.strictObject({ description: z.string(), schema: SchemaObject })).optional(),
      content: MediaTypes,
    }),
  ),
});
const OpenApi = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d$/),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    summary: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  jsonSchemaDialect: z.url(),
  paths: z.record(
    z.string().startsWith('/'),
    z.strictObject({ get: Operation, post: Operation.optional(), delete: Operation.optional() }),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), SchemaObject),
    securitySchemes: z.record(z.string(), z.object({ type: z.enum(['http', 'apiKey']) })),
  }),
});

function* refsOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string') yield inner;
    else yield* refsOf(inner);
  }
}

describe('openapi.json', () => {
  const document = OpenApi.parse(JSON.parse(JSON.stringify(openApiDocument(ROUTES))));

  it('refers only to what it holds', () => {
    const refs = [...refsOf(document)];
    expect(refs).toContain('#/components/schemas/Alert');
    for (const ref of refs) {
      const name = /^#\/components\/schemas\/([\w.-]+)$/.exec(ref)?.[1] ?? ref;
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });

  it('declares each parameter in a path, and no other', () => {
    for (const [path, { get }] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (get.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect(declared).toEqual(inPath);
    }
  });

  it('has one id per operation', () => {
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => operation?.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    { path: '/v1/alerts', query: AlertsQuery },
    { path: '/v1/events', query: EventsQuery },
    { path: '/v1/sessions', query: SessionsQuery },
  ])('$path takes what its schema takes', ({ path, query }) => {
    const parameters = document.paths[path]?.get.parameters ?? [];
    expect(parameters.map(({ name }) => name)).toEqual(Object.keys(query.shape));
  });

  it('gives every parameter its bounds or its words', () => {
    for (const { get } of Object.values(document.paths))
      for (const { name, schema } of get.parameters ?? []) {
        const bounds = ['maxLength', 'maximum', 'pattern', 'enum', 'anyOf', 'items'].filter((key) => key in schema);
        expect([name, bounds.length > 0 || schema['type'] === 'boolean']).toEqual([name, true]);
      }
    const severity = document.paths['/v1/alerts']?.get.parameters?.find(({ name }) => name === 'severity');
    expect(severity).toMatchObject({ explode: false, schema: { items: { enum: Severity.options } } });
  });

  it('tells what can go wrong, with each request', () => {
    const statuses = (path: string) => Object.keys(document.paths[path]?.get.responses ?? {});
    expect(statuses('/v1/alerts')).toEqual(['200', '400', '401', '403', '405', '413', '421', '500', '503']);
    expect(statuses('/v1/sessions/{sessionId}')).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '405',
      '413',
      '421',
      '500',
      '503',
    ]);
    expect(statuses('/healthz')).toEqual(['200', '400', '405', '413', '500']);
    expect(Object.keys(document.paths['/v1/sign-in']?.post?.responses ?? {})).toEqual(
      expect.arrayContaining(['401', '403']),
    );
  });

  it('says nothing of how records are stored', () => {
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/clickhouse|LowCardinality|DateTime64/i);
    expect(text).toContain('Event time of the latest evidence (ms since epoch)');
  });

  it('says what a limit may be', () => {
    const limit = document.paths['/v1/events']?.get.parameters?.find(({ name }) => name === 'limit');
    expect(limit?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 1000, default: 100 });
  });
});
