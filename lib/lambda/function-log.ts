/**
 * A function's log: one JSON object a line, to standard output by its own write (what goes through the console gets a prefix).
 * Events of the services become lines, and metrics where they count as such. Not its job: deciding what may be told; the
 * services' events hold no secret.
 */
import type { ServiceEvent } from '../service/events.ts';
import { metricOf } from './event-metrics.ts';
import { METRICS } from './metric-names.ts';
import { embedMetric, MAX_VALUES, type Metric } from './metrics.ts';

export interface LineSink {
  write(text: string, written: (error?: Error | null) => void): unknown;
}

export interface FunctionLog {
  readonly report: (event: ServiceEvent) => void;
  readonly measure: (metric: Metric) => void;
  /** Kept until `end`, so that an invocation has one line of them and not one a call. */
  readonly observeStore: (store: 'catalogue' | 'vault', milliseconds: number) => void;
  /** Resolves when the line is written; rejects when it could not be. */
  readonly record: (event: ServiceEvent['code'], fields: object) => Promise<void>;
  /** From here on lines carry this request's id. */
  readonly begin: (requestId: string) => void;
  readonly end: () => void;
}

export function functionLog(options: {
  readonly installation: string;
  readonly sink: LineSink;
  readonly now?: () => number;
}): FunctionLog {
  const { installation, sink, now = Date.now } = options;
  const latencies = new Map<string, number[]>();
  let requestId: string | undefined;

  function lineOf({ level, code, fields }: ServiceEvent, metric?: Metric): string {
    const at = now();
    const line = {
      ...{ event: code, level, time: new Date(at).toISOString(), requestId, ...fields },
      ...(metric === undefined ? {} : embedMetric(metric, { installation, now: at })),
    };
    return `${JSON.stringify(line)}\n`;
  }

  // A line that is lost is no reason to fail: whoever needs it written asks for `record`.
  const write = (line: string): void => {
    sink.write(line, () => undefined);
  };
  const measure = (metric: Metric): void => {
    write(lineOf({ level: 'info', code: 'metric' }, metric));
  };

  return {
    report: (event) => {
      write(lineOf(event, metricOf(event)));
    },
    measure,
    observeStore: (store, milliseconds) => {
      const known = latencies.get(store) ?? [];
      if (known.length < MAX_VALUES) known.push(milliseconds);
      latencies.set(store, known);
    },
    record: async (code, fields) => {
      const line = lineOf({ level: 'info', code, fields: { ...fields } });
      await new Promise<void>((resolve, reject) => {
        sink.write(line, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    },
    begin: (id) => {
      requestId = id;
    },
    end: () => {
      for (const [store, values] of latencies) {
        measure({ name: METRICS.storeLatency, unit: 'Milliseconds', values, dimensions: { Store: store } });
      }
      latencies.clear();
    },
  };
}
