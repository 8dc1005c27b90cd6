/** Loaded before the runtime client (`node --import`): its compiled part is looked for and native-client.ts is found. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === './rapid-client.node'
      ? { url: new URL('native-client.ts', import.meta.url).href, format: 'module-typescript', shortCircuit: true }
      : nextResolve(specifier, context),
});
