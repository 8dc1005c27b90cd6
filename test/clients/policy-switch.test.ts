/**
 * From audit to enforce without breaking a host: audit mode counts what enforce would refuse, the operator pins one registry
 * and excepts another, tries enforce on all that hosts asked for, switches, and nothing that was seen breaks. The exception's
 * end holds by itself.
 */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { changeThenTry, failed } from './support/changes.ts';
import { podmanPull, skopeoInspect } from './support/clients.ts';
import type { Host } from './support/host.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import type { Outcome } from './support/run.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';

const HOLDS_WITHIN_MS = 5_000;
const PATH = 'team/app:1';
const NAMES = ['own', 'platform', 'leaving'] as const;
type Name = (typeof NAMES)[number];

let scene: Scene;
let agent: SceneAgent;
let registries: Record<Name, HtpasswdRegistry>;

const ALL = available('unshare', 'docker-registry', 'podman', 'skopeo');

beforeAll(async () => {
  scene = await openScene();
  const start = async (name: Name): Promise<HtpasswdRegistry> => {
    const login = newLogin(scene, name);
    const registry = await startHtpasswdRegistry(scene.workspace, [login]);
    await registry.push(PATH);
    const { address } = registry;
    const source = { kind: 'static', ...login };
    await scene.pullpass.api.addRegistry({ address, environments: ['prod'], tls: { plainHttp: true }, source });
    return registry;
  };
  registries = { own: await start('own'), platform: await start('platform'), leaving: await start('leaving') };
  agent = await scene.agent('prod');
});

afterAll(() => scene.end());

function host(): Host {
  const plainHttp = NAMES.map((name) => registries[name].address);
  return scene.host({ environment: 'prod', tokenFile: agent.tokenFile, plainHttp });
}

async function pullpass(line: string, ...rest: readonly string[]): Promise<Outcome> {
  return await scene.pullpass.cli([...line.split(' '), ...rest]);
}

/** What each client says of each registry, by exit code. */
async function pulls(): Promise<Readonly<Record<string, number>>> {
  const codes: Record<string, number> = {};
  for (const [client, pull] of [
    ['skopeo', skopeoInspect],
    ['podman', podmanPull],
  ] as const) {
    for (const name of NAMES) {
      const { exitCode } = await pull(host(), `${registries[name].address}/${PATH}`);
      codes[`${client} ${name}`] = exitCode;
    }
  }
  return codes;
}

const WORKS = Object.fromEntries(
  NAMES.flatMap((name) => [
    [`skopeo ${name}`, 0],
    [`podman ${name}`, 0],
  ]),
);

const counted = z.array(z.looseObject({ image: z.string(), outcome: z.string(), count: z.number() }));

describe.runIf(ALL)('from audit to enforce', () => {
  it('audit mode lets everything through, and counts what enforce would refuse', async () => {
    const { own, platform, leaving } = registries;
    expect(await pullpass(`policy set --env prod --whitelist ${own.address} --mode audit`)).toMatchObject({
      exitCode: 0,
    });
    expect(await pulls()).toEqual(WORKS);

    const refusals = await pullpass('policy refusals --env prod --json');
    const items = counted.parse(JSON.parse(refusals.stdout));
    expect(items.map(({ image, outcome }) => `${outcome} ${image}`).toSorted()).toEqual(
      [platform, leaving].map(({ address }) => `let_through ${address}`).toSorted(),
    );
    expect(items.every(({ count }) => count >= 2)).toBe(true);
  });

  it('a test of enforce on what hosts asked for names what would break, and how to open it', async () => {
    const { own, platform, leaving } = registries;
    const tested = await pullpass('policy test --env prod --seen --mode enforce');
    expect(tested.exitCode).toBe(1);
    expect(tested.stdout).toMatch(new RegExp(`${platform.address} +let through +refused .*now refused`));
    expect(tested.stdout).toMatch(new RegExp(`${leaving.address} +let through +refused .*now refused`));
    expect(tested.stdout).toMatch(new RegExp(`${own.address} +allowed +allowed`));
    expect(tested.stderr).toContain(`pullpass policy allow ${platform.address} --env prod`);
    expect(tested.stderr).toContain('2 allowed now and refused then');
    expect((await pullpass('policy show --env prod')).stdout).toMatch(/mode +audit/);
  });

  it('with a pin and an exception it would break nothing, and switching breaks nothing', async () => {
    const { platform, leaving } = registries;
    expect(await pullpass(`policy always-allow ${platform.address}`)).toMatchObject({ exitCode: 0 });
    const add = `policy exception add ${leaving.address} --env prod --until 30d --reason`;
    expect(await pullpass(add, 'moves to the mirror in spring')).toMatchObject({ exitCode: 0 });
    expect(await pullpass('policy test --env prod --seen --mode enforce')).toMatchObject({ exitCode: 0 });

    expect(await pullpass('policy mode enforce --env prod')).toMatchObject({ exitCode: 0 });
    await setTimeout(HOLDS_WITHIN_MS);
    expect(await pulls()).toEqual(WORKS);
    expect((await pullpass(`explain ${platform.address}/${PATH} --env prod`)).stdout).toContain(
      `organisation always allows: ${platform.address}`,
    );
    expect((await pullpass(`explain ${leaving.address}/${PATH} --env prod`)).stdout).toMatch(
      /exception +moves to the mirror in spring/,
    );
    const refused = await skopeoInspect(host(), `localhost:1/${PATH}`);
    expect(refused.stderr).toContain('not in the environment whitelist');
  });

  it("the exception's end holds within 5 seconds, on a host that pulls all the time, and only for what it was for", async () => {
    const { own, leaving } = registries;
    const until = Date.now() + 6_000;
    const add = `policy exception add ${leaving.address} --env prod --until ${new Date(until).toISOString()} --reason`;
    const holder = host();
    let addedAt = 0;
    const ended = await changeThenTry(
      async () => {
        const replaced = await pullpass(add, 'moved');
        expect(replaced.stderr).toContain('moves to the mirror in spring');
        addedAt = Date.now();
      },
      () => skopeoInspect(holder, `${leaving.address}/${PATH}`),
      failed,
    );
    expect(ended.outcome.stderr).toContain('not in the environment whitelist');
    expect(addedAt + ended.lastUnchangedMs).toBeLessThan(until + HOLDS_WITHIN_MS);
    // It was open as long as it was meant to be.
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(await skopeoInspect(holder, `${own.address}/${PATH}`)).toMatchObject({ exitCode: 0 });

    const refusals = await pullpass('policy refusals --env prod');
    expect(refusals.stdout).toMatch(new RegExp(`${leaving.address} +refused .* refused`));
    expect((await pullpass('policy show --env prod')).stdout).toMatch(/exceptions +\S+ ended /);
  });

  it('leaves no secret where none belongs', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
