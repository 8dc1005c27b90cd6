/** Every kind of source that this Pullpass knows. A new kind is one file and one line here. */
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

export function findKind(kinds: readonly SourceKind[], kind: string): SourceKind | undefined {
  return kinds.find((candidate) => candidate.kind === kind);
}
