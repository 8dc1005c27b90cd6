/** Finds a kind among those that a process was given. Which those are: kinds-in-place.ts, or what a process composes. */
import type { SourceKind } from './source-kind.ts';

export function findKind(kinds: readonly SourceKind[], kind: string): SourceKind | undefined {
  return kinds.find((candidate) => candidate.kind === kind);
}
