/**
 * Two rows of samples that were taken in turns. The ratio is taken within each turn, so that a machine that slows down
 * for a while slows both sides; the median of the turns leaves out the ones that something else disturbed.
 */
export interface Comparison {
  /** Median over the rounds of subject / floor. */
  readonly ratio: number;
  /** The smallest and the largest round: how far to trust the ratio. */
  readonly lowest: number;
  readonly highest: number;
  readonly rounds: number;
}

export function compare(subject: readonly number[], floor: readonly number[]): Comparison {
  const ratios = subject.map((sample, round) => sample / (floor[round] ?? Number.NaN));
  if (ratios.length === 0 || ratios.some((ratio) => !Number.isFinite(ratio))) {
    throw new Error('a round has no usable sample on one of its sides');
  }
  return {
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    rounds: ratios.length,
  };
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** `share` 0 to 1; nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).toSorted();
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[rank] ?? Number.NaN;
}

/** A sample of each in turn, `rounds` times, beginning with another one each round; one row of samples a subject. */
export async function inTurns(
  rounds: number,
  subjects: readonly (() => Promise<number> | number)[],
): Promise<readonly (readonly number[])[]> {
  const rows = subjects.map((measure) => ({ measure, samples: Array.of<number>() }));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % rows.length;
    for (const { measure, samples } of [...rows.slice(first), ...rows.slice(0, first)]) samples.push(await measure());
  }
  return rows.map(({ samples }) => samples);
}
