/** Cursors: where a page ended, as opaque text. A cursor of one list is none of another. */
import * as z from 'zod/mini';

export type ListName = 'registries' | 'agents' | 'audit';
export type Position = readonly (string | number)[];

const cursorShape = z.tuple([z.string()], z.union([z.string(), z.number()]));

export function encodeCursor(list: ListName, position: Position): string {
  return Buffer.from(JSON.stringify([list, ...position]), 'utf8').toString('base64url');
}

export function decodeCursor(list: ListName, cursor: string): Position | 'bad_cursor' {
  const parsed = cursorShape.safeParse(jsonOf(cursor));
  if (!parsed.success) return 'bad_cursor';
  const [name, ...position] = parsed.data;
  return name === list ? position : 'bad_cursor';
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** For lists that are ordered by one number, newest first. No cursor: from the top. */
export function positionBefore(list: ListName, cursor: string | undefined): number | 'bad_cursor' {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const position = decodeCursor(list, cursor);
  if (position === 'bad_cursor') return position;
  const [before, ...rest] = position;
  return typeof before === 'number' && Number.isSafeInteger(before) && rest.length === 0 ? before : 'bad_cursor';
}

const LARGEST_PAGE = 500;

/** A page's items and one more, whose presence says that there is a next page. */
export function withOneMore(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 1), LARGEST_PAGE) + 1;
}

/** `rows` were read with `withOneMore(limit)`. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  page: {
    readonly limit: number;
    /** Undefined: it cannot be read, and is left out. */
    readonly decode: (row: Row) => Item | undefined;
    readonly cursorAfter: (row: Row) => string;
  },
): { readonly items: readonly Item[]; readonly cursor?: string } {
  const shown = rows.slice(0, withOneMore(page.limit) - 1);
  const items = shown.map(page.decode).filter((item) => item !== undefined);
  const last = shown.at(-1);
  return last === undefined || shown.length === rows.length ? { items } : { items, cursor: page.cursorAfter(last) };
}
