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
  /** The registries themselves, with those of their host. */
  hosts: [`${PREFIX.host}*`],
  /** By a registry's id, which host it is on: made and removed with the registry, and never changed. */
  pointers: [`${PREFIX.registry}*`],
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
    readWithKey(storage),
  ];
}

/** Those of them whose id is known, one by one. */
export function readRegistries(storage: Storage): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'ReadRegistries',
        actions: ['dynamodb:GetItem'],
        resources: [storage.tableArn],
        conditions: only([...PARTITIONS.hosts, ...PARTITIONS.pointers]),
      }),
    },
    readWithKey(storage),
  ];
}

/** Which installation the table is of, and since when. */
export function readInstallation(storage: Storage): Permission {
  return {
    statement: new PolicyStatement({
      sid: 'ReadInstallation',
      actions: ['dynamodb:GetItem'],
      resources: [storage.tableArn],
      conditions: only(PARTITIONS.installation),
    }),
  };
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

/** By action: the partitions that it is for. */
export type CatalogueWrites = Readonly<
  Partial<Record<'PutItem' | 'UpdateItem' | 'DeleteItem' | 'BatchWriteItem', readonly string[]>>
>;

/**
 * The operations of a transaction are checked one by one, each by its own action. Whether the check of one is shown its
 * own partition or those of the whole transaction is not documented, so this holds either way: one of those shown is for
 * the action, and none of them is foreign to the function. A single request shows one: it is for the action, or refused.
 */
export function writeCatalogue(storage: Storage, writes: CatalogueWrites): readonly Permission[] {
  const together = [...new Set(Object.values(writes).flat())];
  const statements = Object.entries(writes).map(([action, partitions]) => ({
    statement: new PolicyStatement({
      sid: action,
      actions: [`dynamodb:${action}`],
      resources: [storage.tableArn],
      conditions: { ...only(together), 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } },
    }),
  }));
  return [...statements, writeWithKey(storage)];
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

function readWithKey(storage: Storage): Permission {
  return useOfKey(storage, { sid: 'ReadWithKey', actions: ['kms:Decrypt', 'kms:DescribeKey'] });
}

function writeWithKey(storage: Storage): Permission {
  const actions = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
  return useOfKey(storage, { sid: 'WriteWithKey', actions: ['kms:Decrypt', 'kms:DescribeKey', ...actions] });
}

/** DynamoDB uses the key in the caller's name. */
function useOfKey(storage: Storage, use: { readonly sid: string; readonly actions: string[] }): Permission {
  const { region, urlSuffix } = Stack.of(storage);
  return {
    statement: new PolicyStatement({
      ...use,
      resources: [storage.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${region}.${urlSuffix}` } },
    }),
  };
}
