/**
 * What functions may do with the table. Reading is by key and by index, never a walk over the table; writing is
 * limited to the partitions that a function has business in, and to what it does there.
 */
import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { INDEXES, PREFIX } from '../../stores/dynamodb/table-schema.ts';
import type { Storage } from '../storage.ts';
import type { Permission } from './permission.ts';

/** Partitions by what is written; `*` stands for what follows a prefix. */
export const PARTITIONS = {
  registries: [`${PREFIX.host}*`, `${PREFIX.registry}*`],
  agents: [`${PREFIX.agent}*`],
  principals: [PREFIX.principals],
  policies: [`${PREFIX.policy}*`],
  environments: [PREFIX.environments],
  installation: [PREFIX.installation],
  changes: [`${PREFIX.audit}change*`],
  decisions: [`${PREFIX.audit}decision*`],
} as const;

export function readCatalogue(storage: Storage): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'ReadCatalogue',
        actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
        resources: [storage.tableArn, ...indexesOf(storage)],
      }),
    },
    useOfKey(storage, ['kms:Decrypt']),
  ];
}

/** Several partitions in one statement. */
export function readPartitions(storage: Storage): readonly Permission[] {
  const actions = ['dynamodb:PartiQLSelect'];
  return [
    { statement: new PolicyStatement({ sid: 'ReadPartitions', actions, resources: [storage.tableArn] }) },
    // Without a partition key it reads everything. A refusal, since the key of this condition may be absent otherwise.
    {
      statement: new PolicyStatement({
        sid: 'NeverTheWholeTable',
        effect: Effect.DENY,
        actions,
        resources: [storage.tableArn, ...indexesOf(storage)],
        conditions: { Bool: { 'dynamodb:FullTableScan': 'true' } },
      }),
    },
  ];
}

/** By action: the partitions it is for. */
export type CatalogueWrites = Readonly<
  Partial<Record<'PutItem' | 'UpdateItem' | 'DeleteItem' | 'BatchWriteItem', readonly string[]>>
>;

export function writeCatalogue(storage: Storage, writes: CatalogueWrites): readonly Permission[] {
  const statements = Object.entries(writes).map(([action, partitions]) => ({
    statement: new PolicyStatement({
      sid: action,
      actions: [`dynamodb:${action}`],
      resources: [storage.tableArn],
      conditions: only(partitions),
    }),
  }));
  return [...statements, useOfKey(storage, ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'])];
}

/** ForAllValues holds for a request without any value as well: that is shut by asking for one. */
function only(partitions: readonly string[]): Record<string, Record<string, unknown>> {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions] },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}

function indexesOf({ tableArn }: Storage): readonly string[] {
  return Object.values(INDEXES).map(({ name }) => `${tableArn}/index/${name}`);
}

/** DynamoDB uses the key in the caller's name. */
function useOfKey(storage: Storage, actions: string[]): Permission {
  const { region, urlSuffix } = Stack.of(storage);
  return {
    statement: new PolicyStatement({
      sid: actions.length === 1 ? 'ReadWithKey' : 'WriteWithKey',
      actions,
      resources: [storage.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${region}.${urlSuffix}` } },
    }),
  };
}
