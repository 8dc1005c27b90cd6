/** A function's standard output, read as CloudWatch reads it: line by line, and metrics where a line embeds some. */
import * as z from 'zod/mini';
import type { Written } from './lambda-process.ts';

const line = z.looseObject({});
export type LogLine = z.infer<typeof line>;

/** Throws where one is not a JSON object. */
export function logLines({ stdout }: Pick<Written, 'stdout'>): readonly LogLine[] {
  const lines = stdout.split('\n').filter((text) => text !== '');
  return lines.map((text) => line.parse(JSON.parse(text)));
}

export function eventsOf(written: Pick<Written, 'stdout'>): readonly unknown[] {
  return logLines(written).flatMap((found) => ('event' in found ? [found['event']] : []));
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const embedded = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int(),
    CloudWatchMetrics: z.array(
      z.strictObject({
        Namespace: z.literal('Pullpass'),
        Dimensions: z.array(z.array(z.string()).check(z.minLength(1), z.maxLength(30))),
        Metrics: z.array(z.strictObject({ Name: z.string(), Unit: z.enum(['Count', 'Seconds', 'Milliseconds']) })),
      }),
    ),
  }),
});

const value = z.union([z.number(), z.array(z.number()).check(z.minLength(1), z.maxLength(100))]);

export interface MetricFound {
  readonly name: string;
  readonly unit: string;
  /** One object a set of dimensions: their names and values. */
  readonly dimensions: readonly Readonly<Record<string, string>>[];
}

/** Throws where a line announces a metric and does not hold it, or not its dimensions. */
export function metricsIn(written: Pick<Written, 'stdout'>): readonly MetricFound[] {
  return logLines(written)
    .filter((found) => '_aws' in found)
    .flatMap((found) => {
      const { _aws, ...members } = embedded.parse(found);
      return _aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
        Metrics.map(({ Name, Unit }) => {
          value.parse(members[Name]);
          const dimensions = Dimensions.map((names) =>
            Object.fromEntries(names.map((name) => [name, z.string().check(z.minLength(1)).parse(members[name])])),
          );
          return { name: Name, unit: Unit, dimensions };
        }),
      );
    });
}
