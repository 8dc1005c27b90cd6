/** Lets time pass for a registry in the table: the last login at it was that long ago. Nothing else of it is touched. */
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { splitAddress } from '../../../lib/domain/address.ts';
import { registryKey } from '../../../lib/stores/dynamodb/registry-item.ts';
import { canonicalAddress } from '../../support/registry-fixture.ts';
import type { Account } from './account.ts';

export async function ageVerification(
  account: Account,
  registry: { readonly table: string; readonly id: string; readonly address: string },
  milliseconds: number,
): Promise<void> {
  const { host } = splitAddress(canonicalAddress(registry.address));
  const item = { TableName: registry.table, Key: registryKey(host, registry.id) };
  const client = new DynamoDBClient(account.clientOptions());
  try {
    const { Item } = await client.send(new GetItemCommand(item));
    const before = Item?.['document']?.S ?? '';
    const after = before.replace(/("verification":\{[^}]*?"at":)(\d+)/, (_, key: string, at: string) => {
      return `${key}${Number(at) - milliseconds}`;
    });
    if (after === before) throw new Error('the registry was never logged in at');
    await client.send(
      new UpdateItemCommand({
        ...item,
        UpdateExpression: 'SET #document = :document',
        ExpressionAttributeNames: { '#document': 'document' },
        ExpressionAttributeValues: { ':document': { S: after } },
      }),
    );
  } finally {
    client.destroy();
  }
}
