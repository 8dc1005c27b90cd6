/**
 * One SQLite file: opened durably, migrated, and spoken to in statements and transactions.
 *
 * Its job: every SQLite failure leaves here as `StoreUnavailable` with a code of ours; SQLite's text, which can quote
 * what was being written, stays inside. Not its job: what the tables hold.
 */
import { statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';

import { StoreUnavailable } from '../catalogue.ts';
import { createPrivateFile } from './private-files.ts';
import { sqliteCode } from './sqlite-code.ts';

export type Row = Record<string, SQLOutputValue>;
type Parameters = readonly SQLInputValue[];

/** Prepared once, run many times. */
export interface Statement {
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  /** How many rows it changed. */
  run(...parameters: Parameters): number;
}

export interface Database {
  prepare(sql: string): Statement;
  /**
   * All of `work` or nothing; durable when it returns. `work` is synchronous, so that no other caller's statements can
   * slip into the transaction.
   */
  transaction<Value>(work: () => Value): Value;
  /**
   * Within a transaction: all of `work` or nothing, whatever becomes of the rest. Throws `TransactionEnded` where a failure
   * took back the rest, too.
   */
  savepoint<Value>(work: () => Value): Value;
  /**
   * Throws `StoreUnavailable` where the file that is open is no longer the one at its path: what is written to it is lost.
   * Every transaction asks before it commits.
   */
  readonly assertInPlace: () => void;
  readonly close: () => void;
}

/** The file's schema is of a later version of this program. */
export class NewerSchema extends Error {
  readonly found: number;

  constructor(found: number) {
    super('newer schema');
    this.found = found;
  }
}

/** A failure in a part of a transaction has ended all of it. `cause` is the failure. */
export class TransactionEnded extends Error {
  constructor(cause: unknown) {
    super('the transaction has ended', { cause });
    this.name = 'TransactionEnded';
  }
}

/** A reader with another tool can make the write-ahead log grow. It shrinks to this once he has gone. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

/** Somebody may be looking at the file with another tool: wait this long for him, no longer, as it blocks everything. */
const BUSY_MS = 1_000;

/**
 * `migrations[n]` brings the schema from version n to n + 1. Throws `StoreUnavailable`, or `NewerSchema`, and then
 * leaves the file as it was.
 */
export function openDatabase(path: string, migrations: readonly string[]): Database {
  return translated(() => {
    // SQLite gives its -wal and -shm files the mode of the database.
    createPrivateFile(path);
    const connection = new DatabaseSync(path);
    try {
      // As a statement: the option `timeout` is not known before Node 22.16.
      connection.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      migrate(connection, migrations);
    } catch (error) {
      connection.close();
      throw error;
    }
    return databaseOn(connection, placeOf(path));
  });
}

/** Throws when `path` holds another file by now, or none. */
function placeOf(path: string): () => void {
  const opened = statSync(path, { bigint: true });
  return () => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (found?.ino !== opened.ino || found.dev !== opened.dev) throw new StoreUnavailable('replaced');
  };
}

function migrate(connection: DatabaseSync, migrations: readonly string[]): void {
  const version = connection.prepare('PRAGMA user_version').get()?.['user_version'];
  const found = typeof version === 'number' ? version : 0;
  if (found > migrations.length) throw new NewerSchema(found);
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  connection.exec(`PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`);
  for (const [index, sql] of migrations.entries()) {
    if (index < found) continue;
    inTransaction(connection, () => {
      connection.exec(`${sql}; PRAGMA user_version = ${index + 1}`);
    });
  }
}

function databaseOn(connection: DatabaseSync, assertInPlace: () => void): Database {
  let isOpen = true;
  return {
    prepare: (sql) => translated(() => statementOf(connection.prepare(sql))),
    transaction: (work) =>
      translated(() =>
        inTransaction(connection, () => {
          const value = work();
          assertInPlace();
          return value;
        }),
      ),
    savepoint: (work) => translated(() => inSavepoint(connection, work)),
    assertInPlace: () => {
      translated(assertInPlace);
    },
    close: () => {
      if (isOpen) connection.close();
      isOpen = false;
    },
  };
}

function inTransaction<Value>(connection: DatabaseSync, work: () => Value): Value {
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

function inSavepoint<Value>(connection: DatabaseSync, work: () => Value): Value {
  connection.exec('SAVEPOINT part');
  try {
    const value = work();
    connection.exec('RELEASE part');
    return value;
  } catch (error) {
    takeBackPart(connection, error);
    throw error;
  }
}

/** Some failures (a full disk) have rolled the whole transaction back: then there is no such savepoint. */
function takeBackPart(connection: DatabaseSync, reason: unknown): void {
  try {
    connection.exec('ROLLBACK TO part; RELEASE part');
  } catch {
    throw new TransactionEnded(reason);
  }
}

function rollBack(connection: DatabaseSync): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // Some failures (a full disk) have rolled it back themselves. `isTransaction` would tell, from Node 22.16 on.
  }
}

function statementOf(statement: StatementSync): Statement {
  return {
    get: (...parameters) => translated(() => statement.get(...parameters)),
    all: (...parameters) => translated(() => statement.all(...parameters)),
    run: (...parameters) => translated(() => Number(statement.run(...parameters).changes)),
  };
}

function translated<Value>(work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    const code = sqliteCode(error);
    throw code === undefined ? error : new StoreUnavailable(code);
  }
}
