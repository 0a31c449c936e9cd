/** Counters, gauges and histograms in Prometheus' exposition format; one registry per process. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string | number>>;

export interface CounterHandle {
  inc(labels?: Labels, by?: number): void;
}
export interface GaugeHandle {
  set(labels: Labels, value: number): void;
}
export interface HistogramHandle {
  observe(labels: Labels, value: number): void;
}

export interface Metrics {
  /** Named `<component>_<noun>_<unit>_total`. A second call with the same name returns the same counter. */
  counter(name: string, help: string, labelNames?: readonly string[]): CounterHandle;
  gauge(name: string, help: string, labelNames?: readonly string[]): GaugeHandle;
  /** `buckets` are upper bounds in the unit of the name. */
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): HistogramHandle;
  /** Called before each exposition, for values that are measured rather than counted. */
  onCollect(collect: () => void | Promise<void>): void;
  exposition(): Promise<string>;
}

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const made = new Map<string, CounterHandle | GaugeHandle | HistogramHandle>();
  const collectors: (() => void | Promise<void>)[] = [];
  const once = <T extends CounterHandle | GaugeHandle | HistogramHandle>(name: string, make: () => T): T => {
    const existing = made.get(name);
    if (existing !== undefined) return existing as T;
    const handle = make();
    made.set(name, handle);
    return handle;
  };
  return {
    counter: (name, help, labelNames = []) =>
      once(name, () => {
        const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
        return { inc: (labels = {}, by = 1) => counter.inc({ ...labels }, by) };
      }),
    gauge: (name, help, labelNames = []) =>
      once(name, () => {
        const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
        return { set: (labels, value) => gauge.set({ ...labels }, value) };
      }),
    histogram: (name, help, buckets, labelNames = []) =>
      once(name, () => {
        const histogram = new Histogram({
          name,
          help,
          buckets: [...buckets],
          labelNames: [...labelNames],
          registers: [registry],
        });
        return { observe: (labels, value) => histogram.observe({ ...labels }, value) };
      }),
    onCollect: (collect) => {
      collectors.push(collect);
    },
    exposition: async () => {
      for (const collect of collectors) await collect();
      return registry.metrics();
    },
  };
}
