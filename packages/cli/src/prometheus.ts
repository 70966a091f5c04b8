import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Makes what Prometheus reads, all under one prefix and with the same labels. */
export interface Meters {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  /** Asked when it is read; NaN where there is no value. */
  gauge(name: string, help: string, value: () => number | undefined): void;
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  /** All of it in the text format. */
  text(): Promise<string>;
}

/** @param prefix - Such as `mayfly_signer`. */
export function createMeters(prefix: string, labels: Readonly<Record<string, string>>): Meters {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  const registers = [registry];
  return {
    counter: (name, help, labelNames = []) =>
      new Counter({ name: `${prefix}_${name}`, help, labelNames: [...labelNames], registers }),
    gauge(name, help, value) {
      new Gauge({
        name: `${prefix}_${name}`,
        help,
        registers,
        collect() {
          this.set(value() ?? Number.NaN);
        },
      });
    },
    histogram: (name, help, buckets) =>
      new Histogram({ name: `${prefix}_${name}`, help, buckets: [...buckets], registers }),
    text: () => registry.metrics(),
  };
}
