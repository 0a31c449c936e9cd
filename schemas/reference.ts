/** The generated reference: a page of every record's fields, and each record's JSON Schema. Pure; a test keeps the files current. */
import { z } from 'zod';
import { AgentEvent } from './records/agent-event.ts';
import { Alert } from './records/alert.ts';
import { columnOf } from './records/column.ts';
import { columnsOf } from './ddl.ts';
import { PipelineAccount } from './records/pipeline-account.ts';
import { Reject } from './records/reject.ts';
import { TOPICS } from './topics.ts';

const RECORDS = [
  { name: 'AgentEvent', file: 'agent-event', schema: AgentEvent, topic: TOPICS.events, table: 'events' },
  { name: 'Alert', file: 'alert', schema: Alert, topic: TOPICS.alerts, table: 'alerts' },
  { name: 'Reject', file: 'reject', schema: Reject, topic: TOPICS.rejects, table: 'rejects' },
  { name: 'PipelineAccount', file: 'pipeline-account', schema: PipelineAccount, topic: TOPICS.ledger, table: 'ledger' },
] as const;

/** Returns the texts by file name, for `docs/reference/`. */
export function referenceFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>([['records.md', page()]]);
  for (const { name, file, schema } of RECORDS) {
    const json = { title: name, ...z.toJSONSchema(schema) };
    files.set(`${file}.schema.json`, `${JSON.stringify(json, null, 2)}\n`);
  }
  return files;
}

function page(): string {
  const sections = RECORDS.map(({ name, file, schema, topic, table }) => {
    const rows = columnsOf(schema).map((column) => {
      const field = schema.shape[column.name as keyof typeof schema.shape] as z.ZodType;
      const { holds } = columnOf(field, column.name);
      const unit = column.unit === undefined ? '' : ` (${column.unit})`;
      const cells = [
        `\`${column.name}\``,
        column.optional ? 'no' : 'yes',
        bounds(z.toJSONSchema(field)),
        `\`${column.type}\``,
        holds,
        `${column.description}${unit}`,
      ];
      return `| ${cells.map(cell).join(' | ')} |`;
    });
    return [
      `## ${name}`,
      '',
      `Topic \`${topic}\`, table \`${table}\`, JSON Schema [${file}.schema.json](${file}.schema.json).`,
      '',
      '| Field | Required | Value | ClickHouse | Holds | Meaning |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return [
    '# Records',
    '',
    '<!-- Generated from schemas/. UPDATE_REFERENCE=1 npm run jest -- schemas/reference rewrites it. -->',
    '',
    'Field names are the same in TypeScript, JSON and ClickHouse. A field that is not required is absent in JSON where the',
    'agent does not report it; in ClickHouse it is then an empty text, an empty array, or NULL for numbers. Unknown fields are',
    'an error.',
    '',
    'What a field holds decides how the collector protects it: `personal` names a person or a machine, `id` is the agent’s id',
    'of a thing, `product` names a program or a model, `text` is text that a payload chooses, and `own` is Vigil’s own, a number,',
    'or of a fixed form. All but `own` are searched for secrets; a privacy policy treats `personal` and `text`.',
    '',
    ...sections.flatMap((section) => [section, '']),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

interface Bounded {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Bounded;
}

function bounds(schema: unknown): string {
  const { type, enum: values, pattern, minLength, maxLength, minimum, maximum, maxItems, items } = schema as Bounded;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  switch (type) {
    case 'string':
      if (pattern !== undefined) return `text matching \`${pattern}\``;
      return `text${maxLength === undefined ? '' : `, ${minLength ?? 0} to ${maxLength} characters`}`;
    case 'integer':
    case 'number': {
      const range = [minimum === undefined ? '' : `from ${minimum}`, maximum === undefined ? '' : `to ${maximum}`];
      return [type, ...range].filter((word) => word !== '').join(' ');
    }
    case 'array':
      return `list${maxItems === undefined ? '' : ` of at most ${maxItems}`}${items === undefined ? '' : `: ${bounds(items)}`}`;
    default:
      return 'object';
  }
}
