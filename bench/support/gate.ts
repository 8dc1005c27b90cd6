/** What a gate is: one question about speed or size, a file each in bench/gates. */
import type { Finding, Skipped } from './finding.ts';

export interface BenchContext {
  /** Fewer and shorter rounds, for CI. */
  readonly quick: boolean;
  /** An empty folder of one's own, on the disk that the project lies on; removed at the end of the run. */
  readonly newDirectory: () => Promise<string>;
}

export interface Gate {
  /** What a name filter is matched against. */
  readonly name: string;
  readonly run: (context: BenchContext) => Promise<readonly (Finding | Skipped)[]>;
}
