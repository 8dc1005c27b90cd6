/** Whatever a peer answers, or does not: verifying ends within its limit, and Pullpass goes on serving. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Login } from '../support/auth-file.ts';
import { newLogin, openScene, type Scene } from '../support/scene.ts';
import { available } from '../support/tools.ts';
import { verifyRegistry, type Told } from './administrator.ts';
import { HOSTILE, type Hostile } from './hostile-peers.ts';
import type { Peer } from './peers.ts';

const ALL = available('unshare');
let scene: Scene;
let login: Login;
let told: ReadonlyMap<Hostile, Promise<{ readonly answer: Told; readonly peer: Peer }>>;

async function ask(hostile: Hostile): Promise<{ readonly answer: Told; readonly peer: Peer }> {
  const peer = await hostile.start(scene);
  const asked = { address: `localhost:${peer.port}`, tls: hostile.tls ?? ({ plainHttp: true } as const) };
  return { answer: await verifyRegistry(scene, asked, login), peer };
}

beforeAll(async () => {
  scene = await openScene();
  login = newLogin(scene, 'anna');
  told = new Map(HOSTILE.map((hostile) => [hostile, ask(hostile)]));
  await Promise.allSettled(told.values());
});

afterAll(() => scene.end());

describe.runIf(ALL)('a peer that', () => {
  it.each(HOSTILE.map((hostile) => [hostile.name, hostile.statuses.join(' or '), hostile] as const))(
    '%s: %s',
    async (_name, _statuses, hostile) => {
      const found = await told.get(hostile);
      expect(hostile.statuses).toContain(found?.answer.status);
      expect(found?.answer.advice).toMatch(/^The .*\.$/);
      // Once at most, and to whom the administrator named: what these answer is never reason enough to say it again.
      const header = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
      const heard = found?.peer.authorizations.filter((each) => each === header) ?? [];
      expect(heard.length).toBeLessThanOrEqual(1);
    },
  );
});

describe.runIf(ALL)('afterwards', () => {
  it('Pullpass serves as before', async () => {
    expect((await scene.pullpass.api.call('GET /healthz')).status).toBe(200);
    expect(await scene.pullpass.cli(['status'])).toMatchObject({ exitCode: 0 });
  });

  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
