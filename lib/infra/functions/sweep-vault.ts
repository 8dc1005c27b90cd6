/**
 * Sets secrets aside that no registry has, and removes them after a week. It sees names and tags only: no secret is opened for it,
 * and it writes none.
 */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { SweepVaultEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { storesEnvironment } from '../function-environments.ts';
import { readInstallation, readRegistries } from '../permissions/catalogue-permissions.ts';
import { listSecrets, markOrphans, removeSecrets } from '../permissions/secret-permissions.ts';

export function sweepVaultFunction(scope: Construct, context: FunctionContext): BundledFunction {
  const { settings, storage } = context;
  return new BundledFunction(scope, 'SweepVault', {
    context,
    name: 'sweep-vault',
    purpose: 'removes secrets that no registry has',
    environment: {
      ...storesEnvironment(context),
      PULLPASS_RECOVERY_DAYS: String(settings.secretRecoveryDays),
    } satisfies SweepVaultEnvironment,
    permissions: [
      ...readRegistries(storage),
      readInstallation(storage),
      ...listSecrets(),
      ...markOrphans(storage, ['source', 'issued']),
      ...removeSecrets(storage, ['source', 'issued']),
    ],
    memoryMegabytes: 256,
    timeout: Duration.seconds(300),
    unattended: { retries: 2, maximumAge: Duration.hours(6) },
  });
}
