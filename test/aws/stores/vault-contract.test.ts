/** The vault on Secrets Manager, held to what every vault must do, against MiniStack's. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe } from 'vitest';
import { secretsManagerVault } from '../../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import { PATIENT } from '../../../lib/lambda/clients.ts';
import { describeVaultContract } from '../../stores/vault-contract.ts';
import { available } from '../support/machine.ts';
import { startMiniStack, type MiniStack } from '../support/ministack.ts';

describe.runIf(available('ministack'))('on MiniStack', () => {
  let stack: MiniStack;
  beforeAll(async () => {
    stack = await startMiniStack();
  });
  afterAll(async () => {
    await stack.end();
  });

  describeVaultContract('the vault on Secrets Manager', async () => {
    await stack.reset();
    const client = new SecretsManagerClient({
      ...stack.client,
      retryMode: PATIENT.retryMode,
      maxAttempts: PATIENT.maxAttempts,
    });
    const vault = secretsManagerVault({ client, prefix: 'pullpass/test', recoveryDays: 7 });
    const close = async (): Promise<void> => {
      client.destroy();
      await Promise.resolve();
    };
    return { vault, close };
  });
});
