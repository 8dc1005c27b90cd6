/** A function's log that is kept instead of written. */
import { functionLog, type FunctionLog } from '../../lib/lambda/function-log.ts';

export interface CapturedLog {
  readonly log: FunctionLog;
  readonly text: () => string;
  /** Every line, parsed. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
  readonly linesOf: (event: string) => readonly Readonly<Record<string, unknown>>[];
  /** What CloudWatch would make of the lines: `name{dimension=value,…}` -> values. */
  readonly metrics: () => Readonly<Record<string, readonly unknown[]>>;
}

export function capturedLog(now: () => number = Date.now): CapturedLog {
  const written: string[] = [];
  const sink = {
    write: (text: string, done: (error?: Error | null) => void) => {
      written.push(text);
      done();
    },
  };
  const lines = () => written.map(parseLine);
  return {
    log: functionLog({ installation: 'test', sink, now }),
    text: () => written.join(''),
    lines,
    linesOf: (event) => lines().filter((line) => line['event'] === event),
    metrics: () => metricsIn(lines()),
  };
}

function parseLine(text: string): Readonly<Record<string, unknown>> {
  const line: unknown = JSON.parse(text);
  if (!text.endsWith('\n') || text.trimEnd().includes('\n')) throw new Error('a log entry is not one line');
  if (typeof line !== 'object' || line === null) throw new Error('a log line is no object');
  return { ...line };
}

/** As the embedded metric format says it: what its directive names and the line does not hold is an error. */
function metricsIn(lines: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  for (const line of lines) {
    for (const { Dimensions, Metrics } of directives(line)) {
      for (const { Name } of Metrics) {
        for (const names of Dimensions) {
          const at = names.map((name) => `${name}=${text(line, name)}`).join(',');
          const value = line[Name];
          if (value === undefined) throw new Error(`${Name} has no value`);
          (found[`${Name}{${at}}`] ??= []).push(...(Array.isArray(value) ? value.map(Number) : [value]));
        }
      }
    }
  }
  return found;
}

interface Directive {
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
}

function directives(line: Readonly<Record<string, unknown>>): readonly Directive[] {
  const metadata = line['_aws'];
  if (typeof metadata !== 'object' || metadata === null || !('CloudWatchMetrics' in metadata)) return [];
  return Array.isArray(metadata.CloudWatchMetrics) ? metadata.CloudWatchMetrics.filter(isDirective) : [];
}

function isDirective(value: unknown): value is Directive {
  return typeof value === 'object' && value !== null && 'Dimensions' in value && 'Metrics' in value;
}

function text(line: Readonly<Record<string, unknown>>, name: string): string {
  const value = line[name];
  if (typeof value !== 'string' || value === '') throw new Error(`the dimension ${name} is no text`);
  return value;
}
