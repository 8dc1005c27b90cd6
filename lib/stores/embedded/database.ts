/**
 * One SQLite file: opened durably, migrated, and spoken to in statements and transactions.
 *
 * Its job: every SQLite failure leaves here as `StoreUnavailable` with a code of ours; SQLite's text, which can quote
 * what was being written, stays inside. Not its job: what the tables hold.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

import { StoreUnavailable } from '../catalogue.ts';
import { connect, inTransaction } from './connection.ts';
import { migrate, type Schema } from './migrate.ts';
import { createPrivateFile } from './private-files.ts';
import { sqliteCode } from './sqlite-code.ts';
import { writeWatch } from './write-watch.ts';

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
  /** Throws `StoreUnavailable` where writing failed a moment ago, or still does. Writes only after a failure. */
  readonly assertWritable: () => void;
  readonly close: () => void;
}

/** A failure in a part of a transaction has ended all of it. `cause` is the failure. */
export class TransactionEnded extends Error {
  constructor(cause: unknown) {
    super('the transaction has ended', { cause });
    this.name = 'TransactionEnded';
  }
}

/** Throws `StoreUnavailable`, or `NewerSchema`, and then leaves the file as it was. */
export function openDatabase(path: string, schema: Schema): Database {
  return translated(() => {
    // SQLite gives its -wal and -shm files the mode of the database.
    createPrivateFile(path);
    const connection = connect(path);
    try {
      migrate(connection, schema);
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

function databaseOn(connection: DatabaseSync, assertInPlace: () => void): Database {
  let isOpen = true;
  const version = String(connection.prepare('PRAGMA user_version').get()?.['user_version']);
  // Changes nothing, and is written like everything else.
  const watch = writeWatch(() => {
    inTransaction(connection, () => {
      connection.exec(`PRAGMA user_version = ${version}`);
    });
  });
  return {
    prepare: (sql) => translated(() => statementOf(connection.prepare(sql))),
    transaction: (work) =>
      watch.watched(() =>
        translated(() =>
          inTransaction(connection, () => {
            const value = work();
            assertInPlace();
            return value;
          }),
        ),
      ),
    savepoint: (work) => watch.watched(() => translated(() => inSavepoint(connection, work))),
    assertInPlace: () => {
      translated(assertInPlace);
    },
    assertWritable: () => {
      translated(watch.assertWritable);
    },
    close: () => {
      if (isOpen) connection.close();
      isOpen = false;
    },
  };
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
