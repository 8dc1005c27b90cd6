/** What an error of SQLite, or of the file system below it, is called outside the store. Its text is dropped. */

/** SQLite's primary result codes that an operator can do something about (https://sqlite.org/rescode.html). */
const NAMES = new Map([
  [5, 'busy'],
  [6, 'busy'],
  [8, 'read_only'],
  [10, 'io_error'],
  [11, 'corrupt'],
  [13, 'disk_full'],
  [14, 'cannot_open'],
  [26, 'not_a_database'],
]);

/** Extended result codes keep the primary one in their low byte. */
const PRIMARY = 0xff;

/** Undefined for errors that come from neither: those are bugs and go on as they are. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'ERR_INVALID_STATE') return 'closed';
  if (error.code === 'ERR_SQLITE_ERROR') {
    const number = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & PRIMARY : 0;
    return NAMES.get(number) ?? `sqlite_${number}`;
  }
  return 'syscall' in error && typeof error.code === 'string' ? error.code : undefined;
}
