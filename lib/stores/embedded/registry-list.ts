/**
 * Lists of registries, newest first. The statement is made from the filter's fields (never from their values), so that
 * SQLite can use the index that narrows most; there are few combinations, and each is prepared once.
 */
import type { Catalogue, RegistryFilter } from '../catalogue.ts';
import { encodeCursor, pageOf, positionBefore, withOneMore } from '../cursor.ts';
import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import type { Database, Row, Statement } from './database.ts';
import { REGISTRY_COLUMNS } from './registry-rows.ts';
import type { RegistryTable } from './registry-table.ts';
import { numberOf } from './rows.ts';

export function registryList(database: Database, table: RegistryTable): Catalogue['listRegistries'] {
  const prepared = new Map<string, Statement>();
  const prepare = (sql: string): Statement => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return async ({ filter, limit, cursor }) => {
    const before = positionBefore('registries', cursor);
    if (before === 'bad_cursor') return before;
    const { sql, parameters } = listStatement(filter);
    const rows = prepare(sql).all(before, ...parameters, withOneMore(limit));
    const { items: shown, ...end } = pageOf(rows, { limit, decode: (row) => row, cursorAfter });
    const { registries, unreadable } = table.readable(shown);
    return { items: registries, ...end, ...(unreadable.length === 0 ? {} : { unreadable }) };
  };
}

/** Its parameters: the order to start below, then `parameters`, then the limit. */
export function listStatement(filter: RegistryFilter): {
  readonly sql: string;
  readonly parameters: readonly string[];
} {
  const conditions = ['ord < ?'];
  const parameters: string[] = [];
  if (filter.address !== undefined) {
    conditions.push('address = ?');
    parameters.push(filter.address);
  }
  if (filter.environment !== undefined) {
    conditions.push('ord IN (SELECT ord FROM registry_environments WHERE environment IN (?, ?))');
    parameters.push(filter.environment, EVERY_ENVIRONMENT);
  }
  if (filter.kind !== undefined) {
    conditions.push('kind = ?');
    parameters.push(filter.kind);
  }
  // Written out, because a partial index serves only a condition that is known when the statement is made.
  if (filter.state === 'active') conditions.push(`state = 'active'`);
  if (filter.state === 'inactive') conditions.push(`state = 'inactive'`);
  const where = conditions.join(' AND ');
  return { sql: `SELECT ${REGISTRY_COLUMNS} FROM registries WHERE ${where} ORDER BY ord DESC LIMIT ?`, parameters };
}

function cursorAfter(row: Row): string {
  return encodeCursor('registries', [numberOf(row, 'ord')]);
}
