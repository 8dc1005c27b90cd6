/**
 * One process a data directory. The lock is SQLite's own exclusive lock on an empty database file: the operating system
 * drops it with the process, however that ends, so there is never a stale one to clean up.
 *
 * It is a file of its own, so that an operator's `sqlite3 catalogue.db` can read, and back up, while the service runs.
 * Limit: like every such lock it is worth as much as the file system; network file systems often lie.
 */
import { DatabaseSync } from 'node:sqlite';

import { StoreUnavailable } from '../catalogue.ts';
import { createPrivateFile } from './private-files.ts';
import { sqliteCode } from './sqlite-code.ts';

export interface DataLock {
  readonly release: () => void;
}

/** A connection that is garbage-collected gives up its lock; these must last until they are released. */
const held = new Set<DatabaseSync>();

/** `in_use`: another process, or another store in this one, has it. Throws `StoreUnavailable`. */
export function takeDataLock(path: string): DataLock | 'in_use' {
  try {
    createPrivateFile(path);
    const connection = new DatabaseSync(path);
    try {
      connection.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      connection.close();
      throw error;
    }
    held.add(connection);
    return {
      release: () => {
        releaseConnection(connection);
      },
    };
  } catch (error) {
    const code = sqliteCode(error);
    if (code === 'busy') return 'in_use';
    throw code === undefined ? error : new StoreUnavailable(code);
  }
}

function releaseConnection(connection: DatabaseSync): void {
  if (held.delete(connection)) connection.close();
}
