/**
 * Every kind of source, minting in this very process. A new kind is one file and one line here. A process that leaves the
 * minting to another one takes the kinds' acceptances instead, and none of the clients that come with a mint.
 */
import { ecrSource, type EcrSourceConfig } from './ecr.ts';
import { googleSource, type GoogleSourceConfig } from './google.ts';
import type { SourceKind } from './source-kind.ts';
import { staticSource } from './static.ts';

export interface SourceKindsConfig {
  readonly ecr?: EcrSourceConfig;
  readonly google?: GoogleSourceConfig;
}

export function sourceKinds(config: SourceKindsConfig = {}): readonly SourceKind[] {
  return [staticSource(), ecrSource(config.ecr), googleSource(config.google)];
}
