/**
 * Runs so many at a time and the others when it is their turn: what has a time limit of its own must not wait for a machine
 * that works on everything at once.
 */
export function inTurns(atATime: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  const turns = Array.from({ length: atATime }, () => Promise.resolve());
  let next = 0;
  return async (work) => {
    const place = next++ % atATime;
    const done = (turns[place] ?? Promise.resolve()).then(work);
    turns[place] = done.then(
      () => undefined,
      () => undefined,
    );
    return await done;
  };
}
