/**
 * The catalogue's table, from the names that the store reads and writes by. The resource itself and not the construct
 * above it: that one takes a key only in stacks that know their region before they are deployed.
 */
import { CfnGlobalTable } from 'aws-cdk-lib/aws-dynamodb';
import { Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, type TableIndex } from '../stores/dynamodb/table-schema.ts';
import type { Settings } from './settings.ts';

const TABLE_KEY = [
  { attributeName: PARTITION_KEY, keyType: 'HASH' },
  { attributeName: SORT_KEY, keyType: 'RANGE' },
];

export function catalogueTable(scope: Construct, settings: Settings, key: IKey): CfnGlobalTable {
  const { replica } = settings;
  const indexes: readonly TableIndex[] = Object.values(INDEXES);
  const here = { region: Stack.of(scope).region, kmsKeyArn: key.keyArn };
  const table = new CfnGlobalTable(scope, 'Table', {
    billingMode: 'PAY_PER_REQUEST',
    keySchema: TABLE_KEY,
    attributeDefinitions: attributesOf(indexes),
    globalSecondaryIndexes: indexes.map(secondaryIndex),
    timeToLiveSpecification: { attributeName: TTL_ATTRIBUTE, enabled: true },
    sseSpecification: { sseEnabled: true, sseType: 'KMS' },
    ...(replica === undefined ? {} : { streamSpecification: { streamViewType: 'NEW_AND_OLD_IMAGES' } }),
    replicas: [here, ...(replica === undefined ? [] : [replica])].map(({ region, kmsKeyArn }) => ({
      region,
      sseSpecification: { kmsMasterKeyId: kmsKeyArn },
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtectionEnabled: settings.deletionProtection,
    })),
  });
  table.applyRemovalPolicy(settings.removalPolicy);
  return table;
}

/** Only what is part of a key is defined; everything else is up to the items. */
function attributesOf(indexes: readonly TableIndex[]): CfnGlobalTable.AttributeDefinitionProperty[] {
  const types = new Map<string, 'S' | 'N'>([
    [PARTITION_KEY, 'S'],
    [SORT_KEY, 'S'],
  ]);
  for (const { partitionKey, sortKey } of indexes) types.set(partitionKey, 'S').set(sortKey.name, sortKey.type);
  return [...types].map(([attributeName, attributeType]) => ({ attributeName, attributeType }));
}

function secondaryIndex(index: TableIndex): CfnGlobalTable.GlobalSecondaryIndexProperty {
  const { name, partitionKey, sortKey, attributes } = index;
  return {
    indexName: name,
    keySchema: [
      { attributeName: partitionKey, keyType: 'HASH' },
      { attributeName: sortKey.name, keyType: 'RANGE' },
    ],
    projection:
      attributes.length === 0
        ? { projectionType: 'KEYS_ONLY' }
        : { projectionType: 'INCLUDE', nonKeyAttributes: [...attributes] },
  };
}
