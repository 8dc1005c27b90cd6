/**
 * A connection to one SQLite file, and transactions on it. Node 22.13 has no option `timeout`, no `isOpen` and no
 * `isTransaction`, and it takes `?1` for a named parameter: nothing here or in our statements uses them.
 */
import { DatabaseSync } from 'node:sqlite';

/** Somebody may be looking at the file with another tool: wait this long for him, no longer, as it blocks everything. */
const BUSY_MS = 1_000;

export function connect(path: string): DatabaseSync {
  const connection = new DatabaseSync(path);
  connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return connection;
}

export function inTransaction<Value>(connection: DatabaseSync, work: () => Value): Value {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const value = work();
    connection.exec('COMMIT');
    return value;
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

function rollBack(connection: DatabaseSync): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // Some failures (a full disk) have rolled it back themselves.
  }
}
