import { describe, expect, it } from 'vitest';
import { expiringCache, expiringMap } from '../../lib/service/expiring-cache.ts';

function counted(options: { ttlMilliseconds: number; maxEntries?: number }) {
  const clock = { now: 0 };
  let loads = 0;
  const cache = expiringCache<number>({ maxEntries: 100, now: () => clock.now, ...options });
  const get = (key = 'key'): Promise<number | undefined> => cache.get(key, async () => (loads += 1));
  return { clock, cache, get, loads: () => loads };
}

describe('the expiring cache', () => {
  it('loads once for all who ask at the same time, and again when the time is up', async () => {
    const { clock, get } = counted({ ttlMilliseconds: 10 });
    expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
    clock.now = 9;
    expect(await get()).toBe(1);
    clock.now = 10;
    expect(await get()).toBe(2);
  });

  it('keeps nothing at a lifetime of 0', async () => {
    const { get } = counted({ ttlMilliseconds: 0 });
    expect(await Promise.all([get(), get()])).toEqual([1, 1]);
    expect(await get()).toBe(2);
  });

  it('counts the lifetime from when the load began', async () => {
    const clock = { now: 0 };
    const cache = expiringCache<string>({ ttlMilliseconds: 10, maxEntries: 10, now: () => clock.now });
    const slow = cache.get('key', async () => {
      clock.now = 20;
      return 'old';
    });
    expect(await slow).toBe('old');
    expect(await cache.get('key', async () => 'new')).toBe('new');
  });

  it('forgets a failure, and what is not there', async () => {
    const cache = expiringCache<string>({ ttlMilliseconds: 10, maxEntries: 10, now: () => 0 });
    await expect(cache.get('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await cache.get('key', async () => undefined)).toBeUndefined();
    expect(await cache.get('key', async () => 'up')).toBe('up');
  });

  it('keeps nothing longer because the clock was set back', async () => {
    const { clock, get } = counted({ ttlMilliseconds: 10 });
    clock.now = 1_000;
    expect(await get()).toBe(1);
    clock.now = 500;
    expect(await get()).toBe(2);
  });

  it('never grows beyond its bound', async () => {
    const { get, loads } = counted({ ttlMilliseconds: 1000, maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await get(key);
    await get('d');
    expect(loads()).toBe(4);
    await get('a');
    expect(loads()).toBe(5);
  });
});

describe('the expiring map', () => {
  it('lets go of what has run out when something else comes', () => {
    const clock = { now: 0 };
    const kept = new WeakRef({});
    const map = expiringMap<object>({ ttlMilliseconds: 10, maxEntries: 1000, now: () => clock.now });
    for (let index = 0; index < 500; index += 1) map.keep(`old ${index}`, kept, clock.now);
    clock.now = 10;
    map.keep('new', {}, 9);
    clock.now = 9;
    expect(map.get('old 0')).toBeUndefined();
    expect(map.get('old 499')).toBeUndefined();
    expect(map.get('new')).toBeDefined();
  });
});
