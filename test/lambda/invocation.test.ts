import { describe, expect, it } from 'vitest';
import { invocation, warmUp } from '../../lib/lambda/invocation.ts';
import { timedStore } from '../../lib/lambda/timed-store.ts';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { capturedLog } from '../support/captured-log.ts';

const context = { ...LOCAL_CONTEXT, awsRequestId: 'request-7' };

describe('an invocation', () => {
  it.each([
    ['a bug', new TypeError('canary'), 'function.failed'],
    [
      'an error that holds more',
      Object.assign(new Error('canary'), { body: 'canary', cause: 'canary' }),
      'function.failed',
    ],
    ['something that is no error', 'canary', 'function.failed'],
    ['a store that is out', new StoreUnavailable('ThrottlingException'), 'store.unavailable'],
  ])('ends %s as one error that says nothing, and a line that says where', async (_name, thrown, event) => {
    const { log, lines, text } = capturedLog();
    const failing = Promise.withResolvers<never>();
    failing.reject(thrown);
    const handler = invocation({ log }, () => failing.promise);
    const error: unknown = await handler({}, context).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    // All that the runtime prints of it: name, message, stack and what else it holds.
    const shown =
      error instanceof Error
        ? JSON.stringify({ ...Object.fromEntries(Object.entries(error)), stack: error.stack, cause: error.cause })
        : '';
    expect(shown).toContain('InvocationFailed: this invocation failed');
    expect(shown + text()).not.toContain('canary');
    expect(lines()).toMatchObject([{ event, level: 'error', requestId: 'request-7' }]);
  });

  it('waits for what was begun while the function started', async () => {
    const { log } = capturedLog();
    const started = Promise.withResolvers<undefined>();
    let running = false;
    const handler = invocation({ log, ready: [started.promise] }, async () => {
      running = true;
    });
    const done = handler({}, context);
    await new Promise(setImmediate);
    expect(running).toBe(false);
    started.resolve(undefined);
    await done;
    expect(running).toBe(true);
  });
});

describe('a warm-up', () => {
  it.each<[string, () => Promise<unknown>, string | undefined]>([
    ['works', async () => 1, undefined],
    ['fails', async () => await Promise.reject(new Error('canary')), 'failed'],
    ['throws at once', () => { throw new Error('canary'); }, 'failed'], // prettier-ignore
    ['hangs', () => new Promise(() => undefined), 'late'],
  ])('that %s holds nobody up', async (_name, call, reason) => {
    const { log, lines, text } = capturedLog();
    const since = performance.now();
    await warmUp([call, async () => 2], log);
    expect(performance.now() - since).toBeLessThan(2_500);
    expect(lines().map((line) => line['reason'])).toEqual(reason === undefined ? [] : [reason]);
    expect(text()).not.toContain('canary');
  });
});

describe('a timed store', () => {
  it('answers and throws what the store does, and tells how long each call took', async () => {
    const observed: number[] = [];
    const store = {
      name: 'x',
      read: async (key: string) => await Promise.resolve(`${key}!`),
      fail: async () => await Promise.reject(new StoreUnavailable('Down')),
    };
    const timed = timedStore(store, (milliseconds) => observed.push(milliseconds));
    expect(await timed.read('a')).toBe('a!');
    await expect(timed.fail()).rejects.toThrow(StoreUnavailable);
    expect(timed.name).toBe('x');
    expect({ ...timed }.read).toBe(timed.read);
    expect(observed).toHaveLength(2);
  });
});
