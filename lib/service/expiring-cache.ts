/**
 * The one cache of the services: a bounded map whose entries live for a given time, with single flight. A load that
 * fails is forgotten, so the next caller tries again. Which caches exist is listed in docs/architecture.md.
 */

export interface ExpiringCache<Value> {
  get(key: string, load: () => Promise<Value>): Promise<Value>;
  /** Forgets everything; loads under way are not kept when they end. */
  clear(): void;
}

export interface ExpiringCacheOptions {
  /** 0 keeps nothing, but callers at the same moment still share one load. */
  readonly ttlMilliseconds: number;
  readonly maxEntries: number;
  readonly now: () => number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  /** Set when the load begins, so that an answer is never older than the lifetime, however long the load took. */
  readonly expiresAt: number;
  settled: boolean;
}

export function expiringCache<Value>(options: ExpiringCacheOptions): ExpiringCache<Value> {
  const entries = new Map<string, Entry<Value>>();

  function begin(key: string, load: () => Promise<Value>): Promise<Value> {
    const expiresAt = options.now() + options.ttlMilliseconds;
    const value = load();
    const entry: Entry<Value> = { value, expiresAt, settled: false };
    entries.set(key, entry);
    value.then(
      () => {
        entry.settled = true;
        if (options.ttlMilliseconds === 0 && entries.get(key) === entry) entries.delete(key);
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    if (entries.size > options.maxEntries) {
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    }
    return value;
  }

  return {
    get(key, load) {
      const entry = entries.get(key);
      if (entry !== undefined && entry.expiresAt > options.now()) return entry.value;
      if (entry !== undefined && !entry.settled && options.ttlMilliseconds === 0) return entry.value;
      entries.delete(key);
      return begin(key, load);
    },
    clear() {
      entries.clear();
    },
  };
}
