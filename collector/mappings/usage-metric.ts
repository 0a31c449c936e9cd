/** A data point of a metric that a mapping names, as a `telemetry/usage` event: its numbers are attributes, never token or cost fields. */
import type { MetricRecord } from '../otlp/record.ts';
import type { DraftPart } from './event-draft.ts';
import type { RecordFields } from './record-fields.ts';

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
