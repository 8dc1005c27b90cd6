/** The catalogue on DynamoDB, held to what every catalogue must do, against the real DynamoDB Local. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeCatalogueContract } from '../../stores/catalogue-contract.ts';
import { openDynamoCatalogue } from '../support/catalogue-table.ts';
import { startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { available } from '../support/machine.ts';

describe.runIf(available('java'))('on DynamoDB Local', () => {
  let local: DynamoDbLocal | undefined;

  beforeAll(async () => {
    local = await startDynamoDbLocal();
  });
  afterAll(async () => {
    await local?.close();
  });

  describeCatalogueContract('the catalogue on DynamoDB', async () => await openDynamoCatalogue(local?.endpoint ?? ''));
});
