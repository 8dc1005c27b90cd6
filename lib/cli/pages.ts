/** Follows a list through its pages. Items are handed on as they came: `--json` shows all that there is. */
import * as z from 'zod/mini';
import { expectAnswer, type CallApi } from './api-client.ts';
import { notPullpass } from './problems.ts';

const pageAnswer = z.looseObject({ items: z.array(z.unknown()), cursor: z.optional(z.nullable(z.string())) });

/** What the API allows at most. */
const LARGEST_PAGE = 500;

export async function allItems(
  api: CallApi,
  list: {
    readonly path: string;
    readonly query?: Readonly<Record<string, string | undefined>>;
    /** Stops there; absent: to the end. */
    readonly limit?: number;
  },
): Promise<readonly unknown[]> {
  const wanted = list.limit ?? Infinity;
  const items: unknown[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const limit = String(Math.min(LARGEST_PAGE, wanted - items.length));
    const answer = await api({ method: 'GET', path: list.path, query: { ...list.query, limit, cursor } });
    const page = expectAnswer(pageAnswer, answer);
    items.push(...page.items);
    cursor = page.cursor ?? undefined;
    // A server that gives the same page for ever must not keep us here for ever.
    if (cursor !== undefined && seen.has(cursor)) throw notPullpass(200);
    if (cursor !== undefined) seen.add(cursor);
  } while (cursor !== undefined && items.length < wanted);
  return items.slice(0, wanted);
}
