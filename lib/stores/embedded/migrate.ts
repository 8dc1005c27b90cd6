/**
 * Brings a file's schema up to date, and keeps a copy of what a version before this one could still open.
 *
 * Two kinds of steps. A migration is for good: SQLite's `user_version` counts them, and a program that knows fewer of them refuses
 * the file. An addition is nothing that a program without it would notice: a table of ours counts them, and nobody is refused.
 */
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { connect, inTransaction } from './connection.ts';
import { createPrivateFile, SymbolicLink, syncDirectory } from './private-files.ts';

/** Step n brings the schema from version n to n + 1. Steps that were released never change. */
export interface Schema {
  readonly migrations: readonly string[];
  readonly additions: readonly string[];
}

/** The file's schema is of a later version of this program. */
export class NewerSchema extends Error {
  readonly found: number;

  constructor(found: number) {
    super('newer schema');
    this.found = found;
  }
}

/** A reader with another tool can make the write-ahead log grow. It shrinks to this once he has gone. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;

export function migrate(connection: DatabaseSync, { migrations, additions }: Schema): void {
  const found = versionOf(connection);
  if (found > migrations.length) throw new NewerSchema(found);
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  connection.exec(`PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`);
  for (const [index, sql] of migrations.entries()) {
    if (index >= found) step(connection, `${sql}; PRAGMA user_version = ${index + 1}`);
  }
  connection.exec('CREATE TABLE IF NOT EXISTS additions (count INTEGER NOT NULL) STRICT');
  const added = numberIn(connection, 'SELECT max(count) AS value FROM additions');
  for (const [index, sql] of additions.entries()) {
    if (index >= added) step(connection, `${sql}; INSERT INTO additions (count) VALUES (${index + 1})`);
  }
}

function step(connection: DatabaseSync, sql: string): void {
  inTransaction(connection, () => {
    connection.exec(sql);
  });
}

function versionOf(connection: DatabaseSync): number {
  return numberIn(connection, 'SELECT user_version AS value FROM pragma_user_version');
}

function numberIn(connection: DatabaseSync, sql: string): number {
  const value = connection.prepare(sql).get()?.['value'];
  return typeof value === 'number' ? value : 0;
}

/**
 * Before a migration of any of the files, all of them are copied: they belong together, and the version before opens no file that
 * was migrated. A name such as `catalogue.db.v2`; a copy that is there already is never written over.
 *
 * @returns the copies.
 */
export function copyBeforeMigration(
  files: readonly { readonly path: string; readonly schema: Schema }[],
): readonly string[] {
  const present = files.filter(({ path }) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
  const found = present.map(({ path, schema }) => ({
    path,
    version: versionIn(path),
    wanted: schema.migrations.length,
  }));
  if (!found.some(({ version, wanted }) => version > 0 && version < wanted)) return [];
  if (found.some(({ version, wanted }) => version > wanted)) return [];
  return found.map(({ path, version }) => copy(path, `${path}.v${version}`));
}

/** Not there, or without tables: a write-ahead log that was lost leaves a file like that. */
export function isNewFile(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0 || versionIn(path) === 0;
}

function versionIn(path: string): number {
  if (lstatSync(path).isSymbolicLink()) throw new SymbolicLink(path);
  const connection = connect(path);
  try {
    return versionOf(connection);
  } finally {
    connection.close();
  }
}

function copy(path: string, wanted: string): string {
  const target = freeName(wanted);
  const draft = `${target}.part`;
  // Of a process that died over it.
  rmSync(draft, { force: true });
  createPrivateFile(draft);
  const connection = connect(path);
  try {
    connection.prepare('VACUUM INTO ?').run(draft);
  } finally {
    connection.close();
  }
  sync(draft);
  renameSync(draft, target);
  syncDirectory(dirname(target));
  return target;
}

function freeName(wanted: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}.${count}`;
    if (statSync(name, { throwIfNoEntry: false }) === undefined) return name;
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
