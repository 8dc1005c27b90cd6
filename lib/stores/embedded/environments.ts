/** Every environment that something names. Each index is walked from name to name, not from row to row. */
import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Database, Statement } from './database.ts';
import { textOf } from './rows.ts';

export function environmentsIn(database: Database): Pick<Catalogue, 'listEnvironments'> {
  const walks = [
    database.prepare(
      'SELECT environment FROM registry_environments WHERE environment > ? ORDER BY environment LIMIT 1',
    ),
    database.prepare('SELECT environment FROM agent_environments WHERE environment > ? ORDER BY environment LIMIT 1'),
    // The organisation's scope is the empty text, which no walk meets.
    database.prepare('SELECT scope AS environment FROM policies WHERE scope > ? ORDER BY scope LIMIT 1'),
  ];
  return {
    listEnvironments: async () => {
      const names = new Set(walks.flatMap((next) => [...namesAlong(next)]));
      names.delete(EVERY_ENVIRONMENT);
      return [...names].toSorted();
    },
  };
}

function* namesAlong(next: Statement): Generator<string> {
  for (let row = next.get(''); row !== undefined;) {
    const name = textOf(row, 'environment');
    yield name;
    row = next.get(name);
  }
}
