import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Verification } from '../../lib/domain/registry.ts';
import type { LoginCheckOutcome } from '../../lib/distribution/login-check.ts';
import { noteLogin, type LoginToNote, type NotedLogin } from '../../lib/service/note-login.ts';
import { HOUR, START } from '../support/registry-fixture.ts';
import { simulateLogins, TYPED } from '../support/simulated-logins.ts';

const VERIFIED: LoginCheckOutcome = { status: 'verified', advice: 'fine' };
const AHEAD: Verification = { status: 'unauthorized', at: START + HOUR };

let world: Awaited<ReturnType<typeof simulateLogins>>;

beforeEach(async () => {
  world = await simulateLogins();
});

afterEach(async () => {
  await world.close();
});

/** Began at START, when `seen` was what was known, and ended at once. */
async function note(seen: Verification, over: Partial<LoginToNote> = {}): Promise<NotedLogin> {
  const registry = { ...(await world.get('one')), verification: seen };
  return await noteLogin({ registry, beganAt: START, outcome: VERIFIED, ...over }, world.deps);
}

it('a login that ended while this one was underway is not written over', async () => {
  await world.add({ id: 'one', verification: AHEAD });
  expect(await note({ status: 'verified', at: START - HOUR })).toEqual({ kind: 'lost' });
  expect((await world.get('one')).verification).toEqual(AHEAD);
});

it('one that was there before is, although the clock of whoever wrote it is ahead', async () => {
  await world.add({ id: 'one', verification: AHEAD });
  expect(await note(AHEAD)).toMatchObject({ kind: 'noted' });
  expect((await world.get('one')).verification).toEqual({ status: 'verified', at: START });
});

it('what the login makes of a rejection that was known holds', async () => {
  const rejected = { ...TYPED.credential, rejectedVersion: 'version-1', dueAt: START };
  await world.add({ id: 'one', credential: rejected });
  const registry = await world.get('one');
  const login = { registry, beganAt: START, outcome: VERIFIED, credential: () => TYPED.credential };
  expect(await noteLogin(login, world.deps)).toMatchObject({ kind: 'noted' });
  expect((await world.get('one')).credential).toEqual(TYPED.credential);
});
