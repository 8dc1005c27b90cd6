/** Walks a list page by page. Between two pages others get their turn: a long walk must not keep hosts waiting. */
import { setImmediate } from 'node:timers/promises';
import type { PageResult } from '../stores/catalogue.ts';

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export async function* everyItem<Item>(
  list: (query: PageQuery) => Promise<PageResult<Item>>,
  limit: number,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    if (page === 'bad_cursor') throw new Error('a list refused the cursor that it gave out');
    yield* page.items;
    cursor = page.cursor;
    if (cursor !== undefined) await setImmediate();
  } while (cursor !== undefined);
}
