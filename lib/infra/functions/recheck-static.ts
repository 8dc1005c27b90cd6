/** Tries passwords again that a registry refused or a host reported, and does the background check of all registries. */
import type { Construct } from 'constructs';
import type { RecheckStaticEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { vaultWriterEnvironment } from '../function-environments.ts';
import { refreshRegistries } from '../permissions/refresher-permissions.ts';
import { REFRESHER } from './refresher.ts';

export function recheckStaticFunction(scope: Construct, context: FunctionContext): BundledFunction {
  return new BundledFunction(scope, 'RecheckStatic', {
    ...REFRESHER,
    context,
    name: 'recheck-static',
    purpose: 'tries refused passwords again, and verifies every registry once a day',
    environment: { ...vaultWriterEnvironment(context) } satisfies RecheckStaticEnvironment,
    permissions: refreshRegistries(context.storage),
  });
}
