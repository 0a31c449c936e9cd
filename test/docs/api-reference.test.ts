/** `docs/reference/api.md` is the OpenAPI document, written for people. */
import { expect, it } from '@jest/globals';
import { ROUTES } from '../../schemas/api/index.ts';
import { openApiDocument } from '../../audit/openapi.ts';
import { generatedNote, referencePage, tableCell } from './reference-page.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly format?: string;
  readonly const?: string | number | boolean;
  readonly default?: string | number | boolean;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }
    >
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Records of the pipeline: their fields are in `records.md`. */
const RECORDS: Readonly<Record<string, string>> = {
  AgentEvent: 'records.md#agentevent',
  Alert: 'records.md#alert',
  PipelineAccount: 'records.md#pipelineaccount',
};

function page({ paths, components }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ title: `${method.toUpperCase()} ${path}`, operation })),
  );
  return [
    '# Audit API',
    '',
    generatedNote('the OpenAPI document', 'test/docs/api-reference'),
    '',
    'The audit API serves JSON on port 8080 and describes itself at `/openapi.json` (OpenAPI 3.1). On loopback it needs no credential; beyond',
    'it, send `Authorization: Bearer TOKEN` with a token of `vigil tokens create NAME --for read`. Errors are problem documents (RFC 9457).',
    'Lists are pages: pass `nextCursor` as `cursor` with the same filters.',
    '',
    ...operations.map(({ title }) => `- [\`${title}\`](#${anchorOf(title)})`),
    '',
    ...operations.flatMap(({ title, operation }) => operationSection(title, operation)),
    '## Answers',
    '',
    ...Object.entries(components.schemas)
      .filter(([name]) => RECORDS[name] === undefined)
      .flatMap(([name, schema]) => schemaSection(name, schema)),
  ].join('\n');
}

/** As GitHub makes it: lower case, spaces to dashes, anything else but letters, digits, `-` and `_` removed. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

function operationSection(
  title: string,
  { operationId, summary, description, parameters = [], security, responses }: Operation,
): readonly string[] {
  const [right] = security.flatMap((scheme) => Object.values(scheme).flat());
  const answer = Object.entries(responses[200]?.content ?? {}).map(([type, { schema }]) =>
    type === 'application/json' ? typeOf(schema) : `\`${type}\``,
  );
  const errors = Object.keys(responses).filter((status) => status !== '200');
  return [
    `## ${title}`,
    '',
    `${summary}. Operation \`${operationId}\`; ${right === undefined ? 'needs no credential' : `needs the right \`${right}\``}.`,
    '',
    ...(description === undefined ? [] : [description, '']),
    ...(parameters.length === 0
      ? []
      : [
          '| Parameter | In | Value | Meaning |',
          '| --- | --- | --- | --- |',
          ...parameters.map((each) => {
            const fallback = each.schema.default === undefined ? '' : `; default \`${String(each.schema.default)}\``;
            const cells = [`\`${each.name}\``, each.in, typeOf(each.schema) + fallback, each.description ?? ''];
            return `| ${cells.map(tableCell).join(' | ')} |`;
          }),
          '',
        ]),
    `Answers 200 with ${answer.join(' or ')}; errors: ${errors.join(', ')}.`,
    '',
  ];
}

function schemaSection(name: string, schema: Schema): readonly string[] {
  const variants = schema.oneOf ?? schema.anyOf ?? [schema];
  return [
    `### ${name}`,
    '',
    ...variants.flatMap(({ properties = {}, required = [] }) => [
      '| Field | Required | Value | Meaning |',
      '| --- | --- | --- | --- |',
      ...Object.entries(properties).map(([field, property]) => {
        const cells = [
          `\`${field}\``,
          required.includes(field) ? 'yes' : 'no',
          typeOf(property),
          property.description ?? '',
        ];
        return `| ${cells.map(tableCell).join(' | ')} |`;
      }),
      '',
    ]),
  ];
}

function typeOf({
  $ref,
  type,
  enum: values,
  items,
  anyOf,
  oneOf,
  format,
  const: constant,
  properties,
}: Schema): string {
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? '';
    return `[${name}](${RECORDS[name] ?? `#${name.toLowerCase()}`})`;
  }
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return choices.map(typeOf).join(' or ');
  if (constant !== undefined) return `\`${String(constant)}\``;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'array') return `list of ${items === undefined ? 'values' : typeOf(items)}`;
  if (type === 'object' && properties !== undefined)
    return `object with ${Object.keys(properties)
      .map((field) => `\`${field}\``)
      .join(', ')}`;
  const name = [type ?? 'any'].flat().join(' or ');
  return format === undefined ? name : `${name} (${format})`;
}

it('docs/reference/api.md is what the API says of itself', () => {
  const wanted = page(openApiDocument(ROUTES) as unknown as Document);
  expect(referencePage('api.md', wanted)).toBe(wanted);
});
