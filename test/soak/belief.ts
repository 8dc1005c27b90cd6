/** What a value must be by what was acknowledged. A write without an answer may have come through: then it is one of several. */

/** Changes hold everywhere within 5 seconds: docs/architecture.md. */
const TAKES_EFFECT_MS = 5_000;

export interface Belief<Value> {
  possible: readonly Value[];
  /** What it was before the last acknowledged change. */
  before: readonly Value[];
  changedAt: number;
}

export function certain<Value>(value: Value): Belief<Value> {
  return { possible: [value], before: [], changedAt: 0 };
}

/** To be called before the write is sent: it may take effect before its answer is here. */
export function attempt<Value>(belief: Belief<Value>, value: Value): void {
  belief.possible = [...belief.possible, value];
}

export function acknowledge<Value>(belief: Belief<Value>, value: Value): void {
  belief.before = belief.possible;
  belief.possible = [value];
  belief.changedAt = Date.now();
}

export function withdraw<Value>(belief: Belief<Value>, value: Value): void {
  const at = belief.possible.lastIndexOf(value);
  if (belief.possible.length > 1) belief.possible = belief.possible.filter((_, index) => index !== at);
}

/** Seen in an answer to a question of that time. */
export function admits<Value>(belief: Belief<Value>, value: Value, askedAt: number): boolean {
  if (belief.possible.includes(value)) return true;
  return askedAt < belief.changedAt + TAKES_EFFECT_MS && belief.before.includes(value);
}

/** Read from Pullpass when nothing is under way. False: it must not be that. */
export function settle<Value>(belief: Belief<Value>, value: Value): boolean {
  if (!belief.possible.includes(value)) return false;
  belief.possible = [value];
  return true;
}
