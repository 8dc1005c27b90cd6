/** Walks a list page by page. Between two pages others get their turn: a long walk must not keep hosts waiting. */
import { setImmediate } from 'node:timers/promises';
import type { Page, PageResult } from '../stores/catalogue.ts';

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export async function* everyItem<Item>(
  list: (query: PageQuery) => Promise<PageResult<Item>>,
  limit: number,
): AsyncGenerator<Item> {
  for await (const page of everyPage(list, limit)) yield* page.items;
}

export async function* everyPage<Listed extends Page<unknown>>(
  list: (query: PageQuery) => Promise<Listed | 'bad_cursor'>,
  limit: number,
): AsyncGenerator<Listed> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    if (page === 'bad_cursor') throw new Error('a list refused the cursor that it gave out');
    yield page;
    cursor = page.cursor;
    if (cursor !== undefined) await setImmediate();
  } while (cursor !== undefined);
}
