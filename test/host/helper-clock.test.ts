import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credential, credentialJson, startFakePullpass, type FakePullpass } from './fake-pullpass.ts';
import { hostMachine, type HostMachine } from './host-machine.ts';
import { SHELLS } from './shells.ts';

const RIGHT = Math.floor(Date.now() / 1000);
const TEN_YEARS = 10 * 365 * 24 * 3600;
const YEAR = 365 * 24 * 3600;

describe.each(SHELLS)('the clock of a host under $name', (shell) => {
  let pullpass: FakePullpass;
  let host: HostMachine;

  beforeEach(async () => {
    pullpass = await startFakePullpass();
    host = hostMachine(shell, pullpass.url);
  });

  afterEach(async () => {
    await pullpass.close();
    host.remove();
  });

  const given = (secret: string): object => ({ status: 0, stdout: `${credentialJson('quay.io', secret)}\n` });
  const outage = { status: 503, body: 'store down' } as const;

  describe.each([
    ['right', RIGHT],
    ['ten years behind', RIGHT - TEN_YEARS],
    ['at the epoch', 5],
    ['ten years ahead', RIGHT + TEN_YEARS],
    ['beyond 32 bits', 5_000_000_000],
  ])('that is %s', (_, start) => {
    it('reuses an answer for as long as Pullpass said, and no longer', async () => {
      await host.getAt(start);
      pullpass.answer = credential('second');
      expect(await host.getAt(start)).toMatchObject(given('first'));
      expect(await host.getAt(start + 599)).toMatchObject(given('first'));
      expect(pullpass.asked).toHaveLength(1);
      expect(await host.getAt(start + 600)).toMatchObject(given('second'));
    });

    it('is carried through an outage until a minute before the credential runs out', async () => {
      await host.getAt(start);
      pullpass.answer = outage;
      expect(await host.getAt(start + 3539)).toMatchObject(given('first'));
      const refused = await host.getAt(start + 3540);
      expect(refused).toMatchObject({ status: 1, stderr: refused.stdout });
      expect(refused.stdout).toContain('store down');
    });

    it('is carried through an outage without an expiry for the time allowed', async () => {
      pullpass.answer = credential('first', { expiresIn: 'never' });
      await host.getAt(start);
      pullpass.answer = outage;
      const variables = { PULLPASS_OUTAGE_SECONDS: '1000' };
      expect(await host.getAt(start + 999, variables)).toMatchObject(given('first'));
      expect((await host.getAt(start + 1000, variables)).status).toBe(1);
    });
  });

  it.each([
    ['set back after it was ahead when Pullpass answered', 5 * 3600, 1],
    ['slower than the time that goes by', 0, 20],
  ])('does not keep a dead credential alive: a clock that was %s', async (_, ahead, seconds) => {
    pullpass.answer = credential('first', { refreshIn: '600', expiresIn: '120' });
    await host.getAt(RIGHT + ahead);
    // As if the machine had run for two minutes since then.
    const file = join(host.cacheFolder, host.cached()[0] ?? 'none');
    const fields = readFileSync(file, 'utf8').split(' ');
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split('.', 1)[0]);
    writeFileSync(file, fields.with(4, String(Math.max(0, uptime - 120))).join(' '));
    pullpass.answer = outage;
    const refused = await host.getAt(RIGHT + ahead + seconds);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stdout).toContain('store down');
  });

  it('reuses an answer for an hour at most, whatever was said', async () => {
    pullpass.answer = credential('first', { refreshIn: '999999999999', expiresIn: 'never' });
    await host.getAt(RIGHT);
    pullpass.answer = credential('second');
    expect(await host.getAt(RIGHT + 3599)).toMatchObject(given('first'));
    expect(await host.getAt(RIGHT + 3600)).toMatchObject(given('second'));
  });

  it('believes in a life of a year at most, whatever was said', async () => {
    pullpass.answer = credential('first', { expiresIn: '999999999999' });
    await host.getAt(RIGHT);
    expect(await host.getAt(RIGHT + 599)).toMatchObject(given('first'));
    expect(pullpass.asked).toHaveLength(1);
    pullpass.answer = outage;
    expect(await host.getAt(RIGHT + YEAR - 61)).toMatchObject(given('first'));
    expect((await host.getAt(RIGHT + YEAR - 60)).status).toBe(1);
  });

  it('asks when it was set back, since no age can be known then, and has nothing for an outage', async () => {
    await host.getAt(RIGHT);
    pullpass.answer = outage;
    expect((await host.getAt(RIGHT - 1)).stdout).toContain('store down');
    pullpass.answer = credential('second');
    expect(await host.getAt(RIGHT - 1)).toMatchObject(given('second'));
    expect(pullpass.asked).toHaveLength(3);
  });

  it.each([
    ['nothing', ''],
    ['no number', 'a[$(touch pwned)]'],
  ])('that says %s keeps nothing, and keeps nobody from pulling', async (_, said) => {
    expect(await host.getAt(said)).toEqual({ ...given('first'), stderr: '' });
    expect(host.cached()).toEqual([]);
  });
});
