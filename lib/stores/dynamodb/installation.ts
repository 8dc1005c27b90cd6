/** What there is once: the installation's id, the order of registries, the source kinds ever seen. */
import { randomBytes } from 'node:crypto';
import { UpdateItemCommand, type UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';

import { answered } from '../sdk-answer.ts';
import { number, numberOf, optionalNumberOf, optionalTextOf, text, textOf, textSet, type Item } from './attributes.ts';
import { INSTALLATION_ID, installationKey, KINDS, LAST_ORDER, SINCE } from './installation-item.ts';
import { getItem, type Table } from './table.ts';

export interface Installation {
  readonly installationId: () => Promise<string>;
  /** Larger than every order given out before, and never given out again; a gap stays where a registry is not added. */
  readonly nextOrder: (kind: string) => Promise<number>;
  readonly rememberKind: (kind: string) => Promise<void>;
}

export function installationOn(table: Table, now: () => number): Installation {
  let known: string | undefined;
  const update = async (changes: Partial<UpdateItemCommandInput>): Promise<Item> => {
    const input = { TableName: table.tableName, Key: installationKey(), ReturnValues: 'ALL_NEW', ...changes } as const;
    return (await answered(table.client.send(new UpdateItemCommand(input)))).Attributes ?? {};
  };
  return {
    installationId: async () => {
      if (known !== undefined) return known;
      const item = (await getItem(table, installationKey())) ?? {};
      known = optionalTextOf(item, INSTALLATION_ID) ?? textOf(await update(firstId(now())), INSTALLATION_ID);
      return known;
    },
    nextOrder: async (kind) => {
      const item = await update({
        UpdateExpression: 'ADD #order :one, #kinds :kind',
        ExpressionAttributeNames: { '#order': LAST_ORDER, '#kinds': KINDS },
        ExpressionAttributeValues: { ':one': number(1), ':kind': textSet([kind]) },
      });
      return numberOf(item, LAST_ORDER);
    },
    rememberKind: async (kind) => {
      await update({
        UpdateExpression: 'ADD #kinds :kind',
        ExpressionAttributeNames: { '#kinds': KINDS },
        ExpressionAttributeValues: { ':kind': textSet([kind]) },
      });
    },
  };
}

/** Whoever comes first makes it. Hexadecimal: what it goes into, an AWS external id among others, takes few other characters. */
function firstId(now: number): Partial<UpdateItemCommandInput> {
  return {
    UpdateExpression: 'SET #id = if_not_exists(#id, :id), #since = if_not_exists(#since, :now)',
    ExpressionAttributeNames: { '#id': INSTALLATION_ID, '#since': SINCE },
    ExpressionAttributeValues: { ':id': text(randomBytes(16).toString('hex')), ':now': number(now) },
  };
}

/** For whoever may only read. Undefined: nothing was ever written to this table. */
export async function readInstallation(
  table: Table,
): Promise<{ readonly id: string; readonly since: number } | undefined> {
  const item = (await getItem(table, installationKey())) ?? {};
  const id = optionalTextOf(item, INSTALLATION_ID);
  return id === undefined ? undefined : { id, since: optionalNumberOf(item, SINCE) ?? 0 };
}
