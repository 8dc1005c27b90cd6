/**
 * The one cache of the services: a bounded map whose entries live for a given time, with single flight. A load that
 * fails is forgotten, so the next caller tries again. Which caches exist is listed in docs/architecture.md.
 */

export interface ExpiringMap<Value> {
  get(key: string): Value | undefined;
  /** `since`: when it was asked for. An answer is never older than the lifetime, however long it took to come. */
  keep(key: string, value: Value, since: number): void;
  clear(): void;
}

export interface ExpiringOptions {
  readonly ttlMilliseconds: number;
  readonly maxEntries: number;
  readonly now: () => number;
}

export function expiringMap<Value>(options: ExpiringOptions): ExpiringMap<Value> {
  // All live equally long, so what was kept first runs out first (give or take how long an answer took).
  const entries = new Map<string, { readonly value: Value; readonly since: number }>();

  /** A clock that was set back must not make an answer live longer: what is from the future is dead. */
  function isAlive(since: number, now: number): boolean {
    return since <= now && now < since + options.ttlMilliseconds;
  }

  function makeRoom(now: number): void {
    for (const [key, { since }] of entries) {
      if (isAlive(since, now) && entries.size < options.maxEntries) return;
      entries.delete(key);
    }
  }

  return {
    get(key) {
      const entry = entries.get(key);
      return entry !== undefined && isAlive(entry.since, options.now()) ? entry.value : undefined;
    },
    keep(key, value, since) {
      const now = options.now();
      if (!isAlive(since, now)) return;
      entries.delete(key);
      makeRoom(now);
      entries.set(key, { value, since });
    },
    clear() {
      entries.clear();
    },
  };
}

export interface ExpiringCache<Value> {
  /** What is there, or what `load` brings. Undefined is brought to all who wait for it, and not kept. */
  get(key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined>;
}

export function expiringCache<Value>(options: ExpiringOptions): ExpiringCache<Value> {
  const kept = expiringMap<Value>(options);
  const share = singleFlight<Value | undefined>();
  return {
    async get(key, load) {
      const known = kept.get(key);
      if (known !== undefined) return known;
      return await share(key, async () => {
        const since = options.now();
        const value = await load();
        if (value !== undefined) kept.keep(key, value, since);
        return value;
      });
    },
  };
}

/** One load at a time for each key: who asks while it runs gets its outcome. */
export function singleFlight<Value>(): (key: string, load: () => Promise<Value>) => Promise<Value> {
  const loading = new Map<string, Promise<Value>>();
  return (key, load) => {
    const running = loading.get(key);
    if (running !== undefined) return running;
    const started = load().finally(() => loading.delete(key));
    loading.set(key, started);
    return started;
  };
}
