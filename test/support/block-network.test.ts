import { expect, it } from 'vitest';

it.each(['http://192.0.2.1/', 'http://example.org/', 'https://[2001:db8::1]/'])(
  'keeps tests from reaching %s',
  async (url) => {
    const answer = fetch(url).then(
      () => 'reached',
      (error: unknown) =>
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error),
    );
    expect(await answer).toContain('only loopback is allowed');
  },
);
