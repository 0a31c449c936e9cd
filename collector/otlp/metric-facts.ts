/** What all data points of one metric share. */
import type { MetricRecord, Resource, Scope } from '../../schemas/otlp/record.ts';

export interface MetricFacts {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly name: string;
  readonly unit: string;
  readonly type: MetricRecord['type'];
  readonly temporality: number;
}
