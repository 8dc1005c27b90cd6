/** Which faults come when: decided before anything begins, by the seed alone. */
import { seededRandom } from '../../bench/simulate/seeded-random.ts';
import { FAULTS, type Fault } from './faults.ts';

export interface PlannedFault {
  readonly fault: Fault;
  /** Into the round. */
  readonly afterSeconds: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface Round {
  readonly faults: readonly PlannedFault[];
  /** Without any fault, after all has recovered. */
  readonly calmSeconds: number;
}

export function planRounds(seed: number, count: number): readonly Round[] {
  const random = seededRandom(seed);
  const deck: Fault[] = [];
  const draw = (isWanted: (fault: Fault) => boolean): Fault | undefined => {
    // Each comes once before any comes again.
    if (deck.length < 2) deck.push(...shuffled(FAULTS, random));
    const at = deck.findIndex(isWanted);
    return at < 0 ? undefined : deck.splice(at, 1)[0];
  };
  const plan = (fault: Fault, afterSeconds: number): PlannedFault => {
    const isClock = fault.group === 'clock';
    const seconds = isClock ? 4 + 5 * random() : 6 + 12 * random();
    return { fault, afterSeconds, seconds: rounded(seconds), seed: Math.floor(random() * 2 ** 32) };
  };
  return Array.from({ length: count }, () => {
    const first = draw(() => true);
    const second = random() < 0.6 ? draw(({ group }) => group !== first?.group) : undefined;
    return {
      faults: [
        ...(first === undefined ? [] : [plan(first, 0)]),
        ...(second === undefined ? [] : [plan(second, rounded(6 * random()))]),
      ],
      calmSeconds: rounded(3 + 6 * random()),
    };
  });
}

export function roundInWords({ faults, calmSeconds }: Round): string {
  const words = faults.map(
    ({ fault, afterSeconds, seconds }) => `${fault.name} (${seconds} s, from ${afterSeconds} s)`,
  );
  return `${words.join(' + ')}; then ${calmSeconds} s of calm`;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
