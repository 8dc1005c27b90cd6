/** The same contract on the stand-in that the stack is deployed to: what it does otherwise would be seen there as ours. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeCatalogueContract } from '../../stores/catalogue-contract.ts';
import { openDynamoCatalogue } from '../support/catalogue-table.ts';
import { available } from '../support/machine.ts';
import { startMiniStack, type MiniStack } from '../support/ministack.ts';

describe.runIf(available('ministack'))('on MiniStack', () => {
  let stack: MiniStack | undefined;

  beforeAll(async () => {
    stack = await startMiniStack();
  });
  afterAll(async () => {
    await stack?.end();
  });

  describeCatalogueContract('the catalogue on DynamoDB', async () => await openDynamoCatalogue(stack?.url ?? ''));
});
