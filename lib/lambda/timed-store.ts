/** A store whose calls are timed: the same object to whoever uses it. What a call is asked or answers is not looked at. */
import { performance } from 'node:perf_hooks';

export function timedStore<Store extends object>(store: Store, observe: (milliseconds: number) => void): Store {
  const timed = new Map<PropertyKey, unknown>();
  return new Proxy(store, {
    get(target, name) {
      const known = timed.get(name);
      if (known !== undefined) return known;
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = async (...parameters: unknown[]): Promise<unknown> => {
        const since = performance.now();
        try {
          return await Reflect.apply(member, target, parameters);
        } finally {
          observe(Math.round((performance.now() - since) * 10) / 10);
        }
      };
      timed.set(name, call);
      return call;
    },
  });
}
