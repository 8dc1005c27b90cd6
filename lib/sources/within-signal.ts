/** Ends a wait when a signal is aborted, also where what is waited for takes no notice of it: a library's pause between attempts, say. */

export class Aborted extends Error {
  // The name that connection-failure.ts takes for a time-out.
  override readonly name = 'AbortError';
}

export async function withinSignal<Value>(signal: AbortSignal, start: () => Promise<Value>): Promise<Value> {
  if (signal.aborted) throw new Aborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(new Aborted());
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([start(), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
