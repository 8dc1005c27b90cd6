/** When which dependency fails, and how: for thirty days, decided by the seed alone. */

export const SOURCE_FAULTS = [
  'throttled',
  'unavailable',
  'denied',
  'hangs',
  'answers_empty',
  'answers_expired',
  'answers_short',
  'answers_too_long',
  'answers_refused',
] as const;
export const REGISTRY_FAULTS = ['unreachable', 'hangs', 'refuses', 'forbids'] as const;
/** Every write fails; some do; what was written fails after it (nobody knows that it was). */
export const STORE_FAULTS = ['writes_fail', 'writes_fail_at_times', 'answers_are_lost'] as const;
export const CLOCK_FAULTS = ['ahead', 'behind'] as const;

export interface Spell<Fault> {
  readonly from: number;
  readonly to: number;
  readonly fault: Fault;
  /** 0 to 1, for whatever about it has a size. */
  readonly size: number;
}

export interface Weather {
  readonly source: readonly Spell<(typeof SOURCE_FAULTS)[number]>[];
  readonly registry: readonly Spell<(typeof REGISTRY_FAULTS)[number]>[];
  readonly catalogue: readonly Spell<(typeof STORE_FAULTS)[number]>[];
  readonly vault: readonly Spell<(typeof STORE_FAULTS)[number]>[];
  readonly clock: readonly Spell<(typeof CLOCK_FAULTS)[number]>[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PAUSE_HOURS = { source: 40, registry: 50, catalogue: 80, vault: 80, clock: 120 };
/** Most of them end in an hour, some outlast a credential of twelve. */
const SHORTEST_MS = MINUTE;
const LONGEST_MS = 15 * HOUR;
/** A clock that is wrong for longer is what nobody can work with. */
const LONGEST_CLOCK_MS = HOUR;

export function forecast(time: { readonly start: number; readonly end: number }, random: () => number): Weather {
  function spells<Fault>(
    faults: readonly Fault[],
    usual: { readonly pauseHours: number; readonly longest: number },
  ): readonly Spell<Fault>[] {
    const found: Spell<Fault>[] = [];
    let from = time.start;
    for (;;) {
      from += 2 * random() * usual.pauseHours * HOUR;
      const lasts = SHORTEST_MS * (usual.longest / SHORTEST_MS) ** random();
      const fault = faults[Math.floor(random() * faults.length)];
      if (fault === undefined || from >= time.end) return found;
      found.push({ from: Math.round(from), to: Math.round(from + lasts), fault, size: random() });
      from += lasts;
    }
  }
  const { source, registry, catalogue, vault, clock } = PAUSE_HOURS;
  return {
    source: spells(SOURCE_FAULTS, { pauseHours: source, longest: LONGEST_MS }),
    registry: spells(REGISTRY_FAULTS, { pauseHours: registry, longest: LONGEST_MS }),
    catalogue: spells(STORE_FAULTS, { pauseHours: catalogue, longest: LONGEST_MS / 4 }),
    vault: spells(STORE_FAULTS, { pauseHours: vault, longest: LONGEST_MS / 4 }),
    clock: spells(CLOCK_FAULTS, { pauseHours: clock, longest: LONGEST_CLOCK_MS }),
  };
}

export function presentSpell<Fault>(spells: readonly Spell<Fault>[], now: number): Spell<Fault> | undefined {
  return spells.find(({ from, to }) => from <= now && now < to);
}

/** Of all that begins or ends. */
export function changesOf(weather: Weather): readonly number[] {
  const { source, registry, catalogue, vault, clock } = weather;
  return [...source, ...registry, ...catalogue, ...vault, ...clock]
    .flatMap(({ from, to }) => [from, to])
    .toSorted((left, right) => left - right);
}

/** Milliseconds that the machine's clock is off: up to a day ahead, up to six hours behind. */
export function clockOffset(weather: Weather, now: number): number {
  const spell = presentSpell(weather.clock, now);
  if (spell === undefined) return 0;
  const hours = spell.fault === 'ahead' ? 24 : -6;
  return Math.round(hours * HOUR * (0.05 + 0.95 * spell.size));
}
