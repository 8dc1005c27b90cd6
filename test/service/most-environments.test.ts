/** How many environments one registry or agent may name: what fits into one transaction of any store. */
import { describe, expect, it } from 'vitest';

import { MAX_ENVIRONMENTS } from '../../lib/domain/environment-name.ts';
import type { Agent } from '../../lib/domain/agent.ts';
import { createAgent } from '../../lib/service/agents.ts';
import { applySettings } from '../../lib/service/registry-input.ts';
import { registryFixture, START } from '../support/registry-fixture.ts';

const RULE = 'must name at most 48 environments; "*" stands for every one';
const named = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `env-${index}`);
const refused = { ok: false, failure: { kind: 'invalid_input', field: 'environments', rule: RULE } };

describe('environments of a registry', () => {
  it.each([
    { name: 'as many as there may be', environments: named(MAX_ENVIRONMENTS), wanted: { ok: true } },
    { name: 'one more', environments: named(MAX_ENVIRONMENTS + 1), wanted: refused },
    {
      name: 'as many, some named twice',
      environments: [...named(MAX_ENVIRONMENTS), 'env-0'],
      wanted: { ok: true, value: { environments: named(MAX_ENVIRONMENTS) } },
    },
  ])('$name', ({ environments, wanted }) => {
    expect(applySettings({ environments }, registryFixture())).toMatchObject(wanted);
  });

  it('are left as they are by a change of something else, however many there are', () => {
    const environments = named(MAX_ENVIRONMENTS + 1);
    const applied = applySettings({ description: 'new' }, registryFixture({ environments }));
    expect(applied).toMatchObject({ ok: true, value: { environments, description: 'new' } });
  });
});

describe('environments of an agent', () => {
  it.each([
    { name: 'as many as there may be', count: MAX_ENVIRONMENTS, wanted: { ok: true } },
    { name: 'one more', count: MAX_ENVIRONMENTS + 1, wanted: refused },
  ])('$name', async ({ count, wanted }) => {
    const added: Agent[] = [];
    const catalogue = {
      addAgent: async (agent: Agent) => {
        added.push(agent);
      },
      getAgent: async () => undefined,
      removeAgent: async () => undefined,
      listPrincipals: async () => [],
    };
    const input = { name: 'host', environments: named(count) };
    expect(await createAgent(input, 'admin', { catalogue, now: () => START })).toMatchObject(wanted);
    expect(added).toHaveLength(count > MAX_ENVIRONMENTS ? 0 : 1);
  });
});
