/** Follows a list through its pages. Items are handed on as they came: `--json` shows all that there is. */
import * as z from 'zod/mini';
import { expectAnswer, type CallApi } from './api-client.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

const pageAnswer = z.looseObject({ items: z.array(z.unknown()), cursor: z.optional(z.nullable(z.string())) });

/** What the API allows at most. */
const LARGEST_PAGE = 500;
/** A million items of the largest pages: no list of an installation is near it. */
const MOST_PAGES = 2_000;

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
  const follow = pageChain(list.path);
  let cursor: string | undefined;
  do {
    const limit = String(Math.min(LARGEST_PAGE, wanted - items.length));
    const answer = await api({ method: 'GET', path: list.path, query: { ...list.query, limit, cursor } });
    const page = expectAnswer(pageAnswer, answer);
    items.push(...page.items);
    cursor = follow(page.cursor);
  } while (cursor !== undefined && items.length < wanted);
  return items.slice(0, wanted);
}

/** Hands on each cursor, as long as the chain may still end: a server that always names another page must not keep us here. */
export function pageChain(path: string): (cursor: string | null | undefined) => string | undefined {
  const seen = new Set<string>();
  return (cursor) => {
    if (cursor === undefined || cursor === null) return undefined;
    if (seen.has(cursor) || seen.size === MOST_PAGES) throw endless(path);
    seen.add(cursor);
    return cursor;
  };
}

function endless(path: string): CommandFailure {
  return new CommandFailure({
    exitCode: EXIT.unavailable,
    what: `the list ${path} does not end: Pullpass repeats a page, or names more than ${MOST_PAGES} of them`,
    advice: 'look whether PULLPASS_URL is right, and ask for less of a long list (--limit, --since)',
  });
}
