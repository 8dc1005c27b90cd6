/** What a policy test says of images and hosts, under the present policies and proposed ones. */
import { describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import { testPolicy, type PolicyTest, type PolicyTestDeps } from '../../lib/service/policy-test.ts';
import { policy, registry } from '../domain/parsed.ts';

const NOW = Date.parse('2026-10-15T12:00:00Z');
const LATER = '2026-12-01T00:00:00.000Z';

interface World {
  readonly organisation?: ReturnType<typeof policy>;
  readonly environment?: ReturnType<typeof policy>;
  readonly registries?: readonly Registry[];
}

function deps({ organisation, environment, registries = [] }: World): PolicyTestDeps {
  const stored = (document: ReturnType<typeof policy> | undefined, revision: number) =>
    document === undefined ? undefined : { document, revision, updatedAt: 0 };
  return {
    now: () => NOW,
    catalogue: {
      getPolicy: async (scope) => (scope === null ? stored(organisation, 3) : stored(environment, 5)),
      registriesOnHost: async (host) => registries.filter(({ address }) => address.split('/')[0] === host),
    },
  };
}

async function tested(test: Partial<PolicyTest>, world: World = {}) {
  const outcome = await testPolicy({ images: [], hosts: [], environment: 'prod', ...test }, deps(world));
  if (!outcome.ok) throw new Error(`${outcome.failure.field}: ${outcome.failure.rule}`);
  return outcome.value;
}

/** Of the only item. */
async function changeOf(test: Partial<PolicyTest>, world: World = {}) {
  return (await tested(test, world)).items[0]?.change;
}

const WHITELISTED = policy({ whitelist: ['quay.io'] });

describe('images under the present policies', () => {
  it('are told with their canonical reference, or why they are none', async () => {
    const { items } = await tested(
      { images: ['nginx:1', 'QUAY.io/team/app', 'quay.io/Team/app', ''] },
      { environment: WHITELISTED },
    );
    expect(items).toMatchObject([
      {
        image: 'nginx:1',
        present: {
          reference: 'docker.io/library/nginx:1',
          decision: { allowed: false, rule: 'not in the environment whitelist', mode: 'enforce', wouldRefuse: true },
        },
      },
      {
        image: 'QUAY.io/team/app',
        present: { reference: 'quay.io/team/app', decision: { allowed: true, rule: 'environment whitelist: quay.io' } },
      },
      {
        image: 'quay.io/Team/app',
        present: { fault: 'the repository must be lower case', decision: { allowed: false, wouldRefuse: true } },
      },
      { image: '', present: { reference: undefined, decision: { allowed: false } } },
    ]);
    expect(items.every(({ proposed, change }) => proposed === undefined && change === undefined)).toBe(true);
  });

  it("are placed on the environment's default registry", async () => {
    const environment = policy({ defaultRegistry: 'harbor.example/proxy' });
    const { items } = await tested({ images: ['nginx'] }, { environment });
    expect(items[0]?.present.reference).toBe('harbor.example/proxy/nginx');
  });

  it('are decided by the organisation alone where no environment is named', async () => {
    const world = { organisation: policy({ whitelist: ['quay.io', 'ghcr.io'] }), environment: WHITELISTED };
    const alone = await tested({ images: ['ghcr.io/x'], environment: undefined }, world);
    expect(alone).toMatchObject({
      environment: undefined,
      revisions: { organisation: 3, environment: undefined },
      items: [{ present: { decision: { allowed: true, rule: 'organisation whitelist: ghcr.io' } } }],
    });
    expect(await tested({ images: ['ghcr.io/x'] }, world)).toMatchObject({
      environment: 'prod',
      revisions: { organisation: 3, environment: 5 },
      items: [{ present: { decision: { allowed: false } } }],
    });
  });

  it('are decided as at the moment that is asked about', async () => {
    const exceptions = [{ entry: 'ghcr.io', reason: 'moving', until: LATER }];
    const environment = policy({ whitelist: ['quay.io'], exceptions });
    const at = Date.parse(LATER);
    expect(await tested({ images: ['ghcr.io/x'] }, { environment })).toMatchObject({
      at: NOW,
      items: [{ present: { decision: { allowed: true, rule: `environment exception until ${LATER}: ghcr.io` } } }],
    });
    expect(await tested({ images: ['ghcr.io/x'], at }, { environment })).toMatchObject({
      at,
      items: [{ present: { decision: { allowed: false } } }],
    });
  });
});

describe('a proposed policy', () => {
  const AUDIT = policy({ whitelist: ['quay.io'], mode: 'audit' });

  it.each<[string, World, PolicyTest['proposed'], string | undefined]>([
    ['refuses what is allowed', {}, { environment: { whitelist: 'quay.io' } }, 'now_refused'],
    ['allows what is refused', { environment: WHITELISTED }, { environment: {} }, 'now_allowed'],
    ['changes nothing for it', { environment: WHITELISTED }, { environment: { whitelist: 'ghcr.io' } }, undefined],
    [
      'sets enforce where audit lets it through',
      { environment: AUDIT },
      { environment: { whitelist: 'quay.io', mode: 'enforce' } },
      'now_refused',
    ],
    [
      'sets audit where enforce refuses it',
      { environment: WHITELISTED },
      { environment: { whitelist: 'quay.io', mode: 'audit' } },
      'now_allowed',
    ],
    ['refuses it in audit mode', {}, { environment: { deny: 'docker.io', mode: 'audit' } }, 'would_now_refuse'],
    [
      'no longer refuses it in audit mode',
      { environment: AUDIT },
      { environment: { mode: 'audit' } },
      'would_now_allow',
    ],
    ['means another image by it', {}, { environment: { defaultRegistry: 'harbor.example' } }, 'other_reference'],
    ["is the organisation's", { environment: policy({}) }, { organisation: { deny: 'docker.io' } }, 'now_refused'],
    [
      'is both: each has to allow',
      {},
      { organisation: { alwaysAllow: 'docker.io' }, environment: { deny: 'docker.io' } },
      undefined,
    ],
  ])('%s', async (_name, world, proposed, change) => {
    expect(await changeOf({ images: ['nginx'], proposed }, world)).toBe(change);
  });

  it.each<[string, World, PolicyTest['proposed'], string]>([
    ['an unknown field', {}, { environment: { whitlist: [] } }, 'proposed.environment.whitlist'],
    [
      'a bad entry',
      {},
      { environment: { whitelist: ['a.io', 'b.io', 'https://c'] } },
      'proposed.environment.whitelist[2]',
    ],
    ['no object', {}, { organisation: 'quay.io' }, 'proposed.organisation'],
    ['null', {}, { organisation: null }, 'proposed.organisation'],
    [
      'a default registry that the organisation refuses',
      { organisation: WHITELISTED },
      { environment: { defaultRegistry: 'ghcr.io' } },
      'proposed.environment.defaultRegistry',
    ],
    [
      'a default registry that the proposed organisation refuses',
      {},
      { organisation: { deny: 'ghcr.io' }, environment: { defaultRegistry: 'ghcr.io' } },
      'proposed.environment.defaultRegistry',
    ],
    [
      'a new exception that has ended',
      {},
      { environment: { exceptions: [{ entry: 'quay.io', reason: 'r', until: '2026-10-15T12:00:00Z' }] } },
      'proposed.environment.exceptions[0].until',
    ],
  ])('is held to what setting it would be: %s', async (_name, world, proposed, field) => {
    const outcome = await testPolicy({ images: ['nginx'], hosts: [], environment: 'prod', proposed }, deps(world));
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field } });
  });

  it('may keep an exception of the present one that has ended', async () => {
    const exceptions = [{ entry: 'quay.io', reason: 'r', until: '2026-10-15T12:00:00.000Z' }];
    const world = { environment: policy({ exceptions }) };
    expect(await changeOf({ images: ['nginx'], proposed: { environment: { exceptions } } }, world)).toBeUndefined();
  });
});

describe('a host', () => {
  const team = registry({ id: 'r1', address: 'quay.io/team' });

  it.each<[string, World, boolean, string]>([
    ['nothing restricts it', {}, true, 'no restriction'],
    [
      'a part of it is open',
      { environment: policy({ whitelist: ['quay.io/x'] }) },
      true,
      'environment whitelist: quay.io/x',
    ],
    [
      'nothing on it is open',
      { environment: policy({ whitelist: ['ghcr.io'] }) },
      false,
      'not in the environment whitelist',
    ],
    [
      'its registry is open',
      { environment: policy({ whitelist: ['quay.io/team'] }), registries: [team] },
      true,
      'environment whitelist: quay.io/team',
    ],
    [
      'a part of it is open, and its registry is not: clients would lose their credential',
      { environment: policy({ whitelist: ['quay.io/x'] }), registries: [team] },
      false,
      'not in the environment whitelist',
    ],
    [
      "a registry on it is another environment's",
      {
        environment: policy({ whitelist: ['quay.io/x'] }),
        registries: [registry({ id: 'r2', address: 'quay.io/team', environments: ['ci'] })],
      },
      true,
      'environment whitelist: quay.io/x',
    ],
  ])('is decided on as clients are answered that name only it: %s', async (_name, world, allowed, rule) => {
    const { items } = await tested({ hosts: ['https://quay.io'] }, world);
    expect(items).toMatchObject([
      {
        kind: 'host',
        image: 'https://quay.io',
        present: { reference: 'quay.io', decision: { allowed, wouldRefuse: !allowed, rule, mode: 'enforce' } },
      },
    ]);
  });

  it('is let through in audit mode, and refused by a proposed enforce', async () => {
    const environment = policy({ whitelist: ['quay.io/x'], mode: 'audit' });
    const proposed = { environment: { whitelist: 'quay.io/x', mode: 'enforce' } };
    const { items } = await tested({ hosts: ['quay.io'], proposed }, { environment, registries: [team] });
    expect(items).toMatchObject([
      {
        change: 'now_refused',
        present: { decision: { allowed: true, wouldRefuse: true, mode: 'audit' } },
        proposed: { decision: { allowed: false, wouldRefuse: true, mode: 'enforce' } },
      },
    ]);
  });

  it('is none where it has a path', async () => {
    const { items } = await tested({ hosts: ['quay.io/team'] });
    expect(items).toMatchObject([{ present: { reference: undefined, decision: { allowed: false } } }]);
  });

  it('is decided by the organisation alone where no environment is named', async () => {
    const { items } = await tested(
      { hosts: ['quay.io'], environment: undefined },
      { organisation: policy({ deny: ['quay.io'] }) },
    );
    expect(items).toMatchObject([{ present: { decision: { allowed: false, rule: 'organisation deny: quay.io' } } }]);
  });
});

describe('a test of many', () => {
  const HOSTS = Array.from({ length: 100 }, (_, index) => `r${index}.example`);

  /** How many turns of the event loop others got meanwhile. Nothing in the catalogue of these tests waits for one. */
  async function turnsDuring(run: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await run();
    running = false;
    return turns;
  }

  it('gives others a turn at each host', async () => {
    expect(await turnsDuring(() => tested({ hosts: HOSTS }))).toBeGreaterThanOrEqual(HOSTS.length);
  });

  it('gives others turns between images', async () => {
    const images = Array.from({ length: 1_000 }, (_, index) => `quay.io/team/app-${index}`);
    expect(await turnsDuring(() => tested({ images }))).toBeGreaterThanOrEqual(40);
  });

  it('reads and decides on a host once, however it is named, and answers each', async () => {
    const texts = ['quay.io', 'ghcr.io', 'https://quay.io', 'QUAY.io', ...Array.from({ length: 96 }, () => 'quay.io')];
    const read: string[] = [];
    const looks = { count: 0 };
    const team = registry({ id: 'r1', address: 'quay.io/team' });
    const counted: Registry = {
      ...team,
      get address() {
        looks.count += 1;
        return team.address;
      },
    };
    const world = deps({ environment: policy({ whitelist: ['ghcr.io'] }), registries: [] });
    const registriesOnHost = async (host: string): Promise<readonly Registry[]> => {
      read.push(host);
      return host === 'quay.io' ? [counted] : [];
    };
    const looksFor = async (hosts: readonly string[]): Promise<number> => {
      const catalogue = { ...world.catalogue, registriesOnHost };
      const before = looks.count;
      const outcome = await testPolicy({ images: [], hosts, environment: 'prod' }, { ...world, catalogue });
      if (!outcome.ok) throw new Error(outcome.failure.rule);
      expect(outcome.value.items.map(({ image }) => image)).toEqual(hosts);
      for (const { image, present } of outcome.value.items) {
        expect(present).toMatchObject({ reference: image === 'ghcr.io' ? 'ghcr.io' : 'quay.io' });
        expect(present.decision.allowed).toBe(image === 'ghcr.io');
      }
      return looks.count - before;
    };
    const once = await looksFor(['quay.io']);
    read.length = 0;
    expect(await looksFor(texts)).toBe(once);
    expect(read).toEqual(['quay.io', 'ghcr.io']);
  });

  it('goes through the entries of a policy once, not once for each host and registry', async () => {
    const whitelist = policy({ whitelist: HOSTS.map((host) => `${host}/open`) });
    const world: World = {
      environment: whitelist,
      registries: HOSTS.flatMap((host) =>
        [1, 2, 3].map((id) => registry({ id: `${host}-${id}`, address: `${host}/t${id}` })),
      ),
    };
    const readings = async (hosts: readonly string[]): Promise<number> => {
      let reads = 0;
      const entries = whitelist.whitelist ?? [];
      const watched = new Proxy(entries, {
        get: (target, key, receiver) => {
          reads += Number(key !== 'length' && typeof key === 'string');
          const value: unknown = Reflect.get(target, key, receiver);
          return value;
        },
      });
      await tested({ hosts }, { ...world, environment: { ...whitelist, whitelist: watched } });
      return reads;
    };
    expect(await readings(HOSTS)).toBe(await readings(HOSTS.slice(0, 1)));
  });

  it('decides on an image once, and answers it as often as it is named', async () => {
    const { items } = await tested({ images: ['quay.io/x', 'nginx', 'quay.io/x'] }, { environment: WHITELISTED });
    expect(items.map(({ image, present }) => [image, present.decision.allowed])).toEqual([
      ['quay.io/x', true],
      ['nginx', false],
      ['quay.io/x', true],
    ]);
    expect(items[2]?.present).toBe(items[0]?.present);
  });
});

it.each<[string, Partial<PolicyTest>, string]>([
  ['nothing to test', {}, 'images'],
  ['no environment', { images: ['nginx'], environment: 'Prod' }, 'environment'],
  [
    "an environment's policy without an environment",
    { images: ['nginx'], environment: undefined, proposed: { environment: {} } },
    'proposed.environment',
  ],
])('is refused with %s', async (_name, test, field) => {
  const outcome = await testPolicy({ images: [], hosts: [], environment: 'prod', ...test }, deps({}));
  expect(outcome).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field } });
});
