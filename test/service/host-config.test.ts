import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { splitAddress } from '../../lib/domain/address.ts';
import type { Agent, Role } from '../../lib/domain/agent.ts';
import type { PolicyDocument } from '../../lib/domain/policy.ts';
import type { Registry } from '../../lib/domain/registry.ts';
import { hostConfig, type HostConfigDeps } from '../../lib/service/host-config.ts';
import type { WantedHostConfig } from '../../lib/formats/host-config/wanted.ts';
import { policy, registry } from '../domain/parsed.ts';

const AT = Date.parse('2026-10-15T12:00:00Z');

interface Stored {
  readonly organisation?: PolicyDocument;
  readonly environment?: PolicyDocument;
  readonly registries?: readonly Registry[];
  /** Of other environments. */
  readonly elsewhere?: readonly Registry[];
}

function depsOf({ organisation, environment, registries = [], elsewhere = [] }: Stored): HostConfigDeps {
  return {
    now: () => AT,
    catalogue: {
      getPolicy: async (scope) => {
        const document = scope === null ? organisation : environment;
        return Promise.resolve(document === undefined ? undefined : { document, revision: 1, updatedAt: 0 });
      },
      listRegistries: async ({ cursor }) => {
        const at = Number(cursor ?? 0);
        const next = at + 1 < registries.length ? { cursor: String(at + 1) } : {};
        return Promise.resolve({ items: registries.slice(at, at + 1), ...next });
      },
      registriesOnHost: async (host) =>
        Promise.resolve([...registries, ...elsewhere].filter(({ address }) => splitAddress(address).host === host)),
    },
  };
}

function agent(role: Role, environments: readonly string[] = []): Agent {
  return { id: 'a', name: 'a', environments, export: false, createdAt: 0, role, tokenHash: '' };
}

async function wanted(stored: Stored): Promise<WantedHostConfig> {
  const found = await hostConfig({ caller: { agents: [agent('viewer')] }, environment: 'prod' }, depsOf(stored));
  if (!found.ok) throw new Error(found.failure.kind);
  return found.value;
}

describe('who may ask', () => {
  it.each<[string, Agent, string | undefined]>([
    ['an agent of the environment', agent('agent', ['prod']), undefined],
    ['an agent of every environment', agent('agent', ['*']), undefined],
    ['an agent of another', agent('agent', ['ci']), 'environment_not_allowed'],
    ['a viewer', agent('viewer'), undefined],
    ['an administrator', agent('admin'), undefined],
  ])('%s', async (_name, asking, code) => {
    const answer = await hostConfig({ caller: { agents: [asking] }, environment: 'prod' }, depsOf({}));
    expect(answer.ok ? undefined : answer.failure).toEqual(
      code === undefined ? undefined : expect.objectContaining({ code }),
    );
  });

  it('about a name that no environment has', async () => {
    const answer = await hostConfig({ caller: { agents: [agent('admin')] }, environment: 'Prod/x' }, depsOf({}));
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field: 'environment' } });
  });
});

describe('TLS', () => {
  const insecure = registry({ id: 'a', address: 'harbor.example', tls: { skipVerify: true } });

  it('is that of the registry that answers, and not of one that it overrides', async () => {
    const newer = registry({ id: 'b', address: 'harbor.example', order: 2, tls: {} });
    expect((await wanted({ registries: [insecure] })).tls).toEqual([{ host: 'harbor.example', skipVerify: true }]);
    expect((await wanted({ registries: [newer, insecure] })).tls).toEqual([]);
  });

  it.each<[string, Stored]>([
    ['is deactivated', { registries: [{ ...insecure, state: 'inactive' }] }],
    ['policy refuses', { registries: [insecure], environment: policy({ deny: ['harbor.example'] }) }],
  ])('is not weakened for a registry that %s', async (_name, stored) => {
    const { tls, knownHosts } = await wanted(stored);
    expect({ tls, knownHosts }).toEqual({ tls: [], knownHosts: ['harbor.example'] });
  });

  const ca = readFileSync(new URL('../support/certificates/ca.pem', import.meta.url), 'utf8');
  const off = registry({ id: 'c', address: 'harbor.example/off', tls: { ca }, state: 'inactive' });

  it('keeps the authority of a deactivated registry, so that a refused pull says why', async () => {
    expect((await wanted({ registries: [off] })).tls).toEqual([{ host: 'harbor.example', ca }]);
  });

  it('trusts no CA that an administrator gave with a registry of his own beside one whose password he does not have', async () => {
    const good = registry({ id: 'good', address: 'harbor.example' });
    const his = registry({ id: 'his', address: 'harbor.example/zzz', tls: { ca } });
    const before = await wanted({ registries: [his] });
    expect(before.tls).toEqual([{ host: 'harbor.example', ca }]);
    const denied = policy({ deny: ['harbor.example/team'] });
    for (const stored of [
      { registries: [good, his] },
      { registries: [{ ...good, state: 'inactive' }, his] },
      // Overridden for a moment, or moved to another environment and back.
      { registries: [good, { ...his, address: good.address, order: good.order + 1 }] },
      { registries: [his], elsewhere: [{ ...good, environments: ['dev'] }] },
      { registries: [registry({ id: 'good', address: 'harbor.example/team' }), his], environment: denied },
    ] as const) {
      const { tls, notes } = await wanted(stored);
      expect(tls).toEqual([]);
      expect(notes).toContainEqual(expect.stringContaining('different CA certificates'));
    }
  });

  it('trusts a CA that every registry on the host has', async () => {
    const both = ['harbor.example', 'harbor.example/zzz'].map((address) =>
      registry({ id: address, address, tls: { ca } }),
    );
    expect(await wanted({ registries: both })).toMatchObject({ tls: [{ host: 'harbor.example', ca }], notes: [] });
  });

  it('is not weakened by one registry while another on the host, which is let in again some time, wants it verified', async () => {
    for (const stored of [
      { registries: [insecure, off] },
      {
        registries: [insecure, registry({ id: 'd', address: 'harbor.example/team' })],
        environment: policy({ deny: ['harbor.example/team'] }),
      },
    ]) {
      const { tls, notes } = await wanted(stored);
      expect(tls).toEqual([]);
      expect(notes).toContainEqual(expect.stringContaining('want different things of TLS'));
    }
  });
});

describe('what hosts are to hold', () => {
  const whitelist = policy({ whitelist: ['quay.io'] });
  const inactive = registry({ id: 'a', address: 'quay.io/off', state: 'inactive' });
  const active = registry({ id: 'b', address: 'quay.io/off/on' });

  it('is policy, and that nobody pulls from what is deactivated, but from an active registry below it', async () => {
    const { enforced, notes } = await wanted({ environment: whitelist, registries: [active, inactive] });
    const places = enforced.scopes.filter(({ port }) => port === '443').map(({ path, allowed }) => [path, allowed]);
    expect({ places, elsewhere: enforced.allowedElsewhere }).toEqual({
      places: [
        ['', true],
        ['off', false],
        ['off/on', true],
      ],
      elsewhere: false,
    });
    expect(notes).toEqual([]);
  });

  it('is in mode audit only what is deactivated, and a note says so', async () => {
    const audit = policy({ whitelist: ['quay.io'], mode: 'audit' });
    const quiet = await wanted({ environment: audit });
    expect(quiet.enforced).toEqual({ scopes: [], allowedElsewhere: true });
    expect(quiet.policy.allowedElsewhere).toBe(false);
    expect(quiet.notes.join()).toContain('The mode is audit');
    const { enforced } = await wanted({ environment: audit, registries: [inactive] });
    expect(enforced.allowedElsewhere).toBe(true);
    expect(enforced.scopes).toContainEqual({
      name: 'quay.io',
      wildcard: false,
      port: '443',
      path: 'off',
      allowed: false,
    });
  });

  it('is nothing where nobody has set a policy', async () => {
    expect(await wanted({ registries: [active] })).toMatchObject({
      enforced: { scopes: [], allowedElsewhere: true },
      notes: [],
    });
  });

  it('says when an exception ends', async () => {
    const exceptions = [{ entry: 'ghcr.io', reason: 'migration', until: '2026-12-01T00:00:00Z' }];
    const { notes } = await wanted({ environment: policy({ whitelist: ['quay.io'], exceptions }) });
    expect(notes.join()).toContain('ends at 2026-12-01T00:00:00.000Z');
  });

  it.each<[string, Stored, string | undefined]>([
    [
      'the environment sets',
      {
        environment: policy({ defaultRegistry: 'quay.io/team' }),
        organisation: policy({ defaultRegistry: 'ghcr.io' }),
      },
      'quay.io/team',
    ],
    ['the organisation sets', { organisation: policy({ defaultRegistry: 'ghcr.io' }) }, 'ghcr.io'],
    ['nobody sets', {}, undefined],
  ])('has the default registry that %s', async (_name, stored, expected) => {
    expect((await wanted(stored)).defaultRegistry).toBe(expected);
  });

  it('is not cut where it would be beyond measure', async () => {
    const environment = policy({
      whitelist: Array.from({ length: 400 }, (_, index) => `quay.io:${index + 1000}`),
      deny: Array.from({ length: 400 }, (_, index) => `quay.io/team-${index}`),
    });
    const answer = await hostConfig(
      { caller: { agents: [agent('admin')] }, environment: 'prod' },
      depsOf({ environment }),
    );
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'host_config_too_large' } });
  });
});
