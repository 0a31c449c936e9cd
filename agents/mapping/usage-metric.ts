/** A data point of a metric that a mapping names, as a `telemetry/usage` event: its numbers are attributes, never token or cost fields. */
import type { MetricRecord } from '../../schemas/otlp/record.ts';
import type { DraftPart } from './event-draft.ts';
import { type Mapped, skip } from './mapping.ts';
import { RecordFields } from './record-fields.ts';

const TEMPORALITIES = ['unspecified', 'delta', 'cumulative'];

export function usagePart(record: MetricRecord, fields: RecordFields): DraftPart {
  fields.note('metric.name', record.name);
  fields.note('metric.value', String(record.value));
  fields.note(
    'metric.count',
    record.type === 'histogram' || record.type === 'summary' ? String(record.count) : undefined,
  );
  fields.note('metric.unit', record.unit === '' ? undefined : record.unit);
  fields.note('metric.temporality', TEMPORALITIES[record.temporality] ?? 'unspecified');
  return { category: 'telemetry', action: 'usage', outcome: 'success', model: fields.text('model') };
}

type Finish = (record: MetricRecord, fields: RecordFields, parts: readonly DraftPart[]) => Mapped;

/** For agents that name their session `session.id`. Usage of a session becomes an event; other points are counted and skipped. */
export function mapUsageMetric(record: MetricRecord, wanted: ReadonlySet<string>, finish: Finish): Mapped {
  if (!wanted.has(record.name)) return skip('unmapped_metric');
  const fields = new RecordFields(record.attributes, record.resource);
  if (fields.seeText('session.id') === undefined) return skip('usage_without_session');
  return finish(record, fields, [usagePart(record, fields)]);
}
