/** Mints and refreshes Google credentials. It has no business with any registry of AWS. */
import type { Construct } from 'constructs';
import type { MintGoogleEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { vaultWriterEnvironment } from '../function-environments.ts';
import { refreshRegistries } from '../permissions/refresher-permissions.ts';
import { REFRESHER } from './refresher.ts';

export function mintGoogleFunction(scope: Construct, context: FunctionContext): BundledFunction {
  return new BundledFunction(scope, 'MintGoogle', {
    ...REFRESHER,
    context,
    name: 'mint-google',
    purpose: 'mints and refreshes Google credentials',
    environment: {
      ...vaultWriterEnvironment(context),
      PULLPASS_TRUSTED_TOKEN_URIS: context.settings.trustedTokenUris.join(','),
    } satisfies MintGoogleEnvironment,
    permissions: refreshRegistries(context.storage),
  });
}
