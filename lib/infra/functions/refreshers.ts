/** The functions that keep credentials fresh, by source kind: each is scheduled, and minted through. */
import type { Construct } from 'constructs';
import type { BundledFunction, FunctionContext } from '../bundled-function.ts';
import { mintGoogleFunction } from './mint-google.ts';
import { recheckStaticFunction } from './recheck-static.ts';
import { refreshEcrFunction } from './refresh-ecr.ts';

export interface Refreshers {
  readonly ecr: BundledFunction;
  readonly google: BundledFunction;
  readonly static: BundledFunction;
}

/** A new source kind is one line here. */
export function refresherFunctions(scope: Construct, context: FunctionContext): Refreshers {
  return {
    ecr: refreshEcrFunction(scope, context),
    google: mintGoogleFunction(scope, context),
    static: recheckStaticFunction(scope, context),
  };
}
