/** How many registries, policies and agents name an environment: counted in the transaction of each change. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import type { Catalogue } from '../catalogue.ts';
import { keyOf, number, textOf } from './attributes.ts';
import { PREFIX, SORT_KEY } from './table-schema.ts';
import { readPartition, type Table } from './table.ts';

const USES = 'uses';

/** One update for each environment that is named before or after and not both. */
export function countEnvironments(
  table: Table,
  named: { readonly before: readonly string[]; readonly after: readonly string[] },
): readonly TransactWriteItem[] {
  const before = new Set(named.before);
  const after = new Set(named.after);
  const count = (environment: string, by: number): TransactWriteItem => ({
    Update: {
      TableName: table.tableName,
      Key: keyOf(PREFIX.environments, environment),
      UpdateExpression: 'ADD #uses :by',
      ExpressionAttributeNames: { '#uses': USES },
      ExpressionAttributeValues: { ':by': number(by) },
    },
  });
  const counted = [...new Set([...before, ...after])].filter((environment) => environment !== EVERY_ENVIRONMENT);
  return counted.flatMap((environment) => {
    const by = Number(after.has(environment)) - Number(before.has(environment));
    return by === 0 ? [] : count(environment, by);
  });
}

/** An environment that nothing names any more stays as an item that counts 0. */
export function environmentsOn(table: Table): Pick<Catalogue, 'listEnvironments'> {
  return {
    listEnvironments: async () =>
      (await readPartition(table, PREFIX.environments))
        // A count that cannot be read counts: a name too many in a list does no harm.
        .filter((item) => Number(item[USES]?.N ?? 1) > 0)
        .map((item) => textOf(item, SORT_KEY))
        .toSorted(),
  };
}
