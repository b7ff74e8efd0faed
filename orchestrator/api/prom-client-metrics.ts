// Metrics for Prometheus: request latencies, the process, and collectors that are read on request.
// Labels are routes, kinds and states; never names, users or keys, since /metrics needs no key.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Logger } from '../../common/log.ts';

export interface Sample { labels: Record<string, string>; value: number }

/** Values that are read when metrics are requested, such as environments by state. A counter only increases while the process lives. */
export interface Collector {
  name: string;
  help: string;
  type?: 'gauge' | 'counter';
  labels: readonly string[];
  read(): Promise<Sample[]>;
}

export interface ApiMetrics {
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
  contentType: string;
  render(): Promise<string>;
}

export function createMetrics(collectors: readonly Collector[], log: Logger): ApiMetrics & { /** Adds more collectors. */ add(collectors: readonly Collector[]): void } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const latency = new Histogram({
    name: 'somnus_http_request_seconds',
    help: 'Time until the response started, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
  });
  const add = (more: readonly Collector[]): void => { for (const collector of more) addCollector(registry, collector, log); };
  add(collectors);
  return {
    add,
    observe: ({ method, route, status, seconds }) => latency.observe({ method, route, status }, seconds),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

function addCollector(registry: Registry, collector: Collector, log: Logger): void {
  const Kind = collector.type === 'counter' ? Counter : Gauge;
  const metric = new Kind({
    name: collector.name,
    help: collector.help,
    labelNames: [...collector.labels],
    registers: [registry],
    // A failing collector leaves only its own metric empty.
    collect: async () => {
      metric.reset();
      try {
        for (const { labels, value } of await collector.read()) metric.inc(labels, value);
      } catch (error) {
        log.warn({ event: 'metrics.collector-failed', metric: collector.name, err: error }, 'Cannot read a metric');
      }
    },
  });
}
