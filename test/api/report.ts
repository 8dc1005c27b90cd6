/** What was asked and answered, for the reader of the run: how deep it went, and which documented answers never came. */
import * as z from 'zod/mini';
import type { AnsweredRequest } from './service.ts';

/** One line a status, with its codes. */
export function summary(requests: readonly AnsweredRequest[]): string {
  const counts = new Map<string, number>();
  for (const { status, problem } of requests) {
    const what = problem === undefined ? String(status) : `${status} ${problem}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const lines = [...counts].sort(([one], [other]) => one.localeCompare(other));
  return ['answers:', ...lines.map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`)].join('\n');
}

const DOCUMENT = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.object({ content: z.optional(z.unknown()) })) })),
  ),
});

/** No failure: some take an outage, or a registry that answers. */
export function neverSeen(document: unknown, requests: readonly AnsweredRequest[]): string {
  const seen = new Set(requests.map(({ method, route, status }) => `${method} ${route} ${status}`));
  const lines = Object.entries(DOCUMENT.parse(document).paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) => {
      const call = `${method.toUpperCase()} ${path}`;
      const missing = Object.keys(responses).filter((status) => !seen.has(`${call} ${status}`));
      const without = missing.filter((status) => !RARE.has(status));
      return without.length === 0 ? [] : [`  ${call}: ${without.join(', ')}`];
    }),
  );
  return ['described, and not among these answers (500 and 503 left aside):', ...lines].join('\n');
}

/** Bugs and outages. */
const RARE = new Set(['500', '503']);
