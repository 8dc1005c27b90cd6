/** The vault on Secrets Manager, held to what every vault must do, by the rules of Secrets Manager's reference. */
import { secretsManagerVault } from '../../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import { describeVaultContract } from '../vault-contract.ts';
import { openShelf } from './secret-shelf.ts';
import { startSecretsManager } from './secrets-manager-server.ts';

/** The reference does not say which of the two a label that is moved to no version is answered with. */
for (const missingVersion of ['ResourceNotFoundException', 'InvalidParameterException']) {
  describeVaultContract(`the vault on Secrets Manager (${missingVersion} for no version)`, async () => {
    const server = await startSecretsManager(openShelf(missingVersion));
    const vault = secretsManagerVault({ client: server.client(), prefix: 'pullpass/test', recoveryDays: 7 });
    return { vault, close: () => server.close() };
  });
}
