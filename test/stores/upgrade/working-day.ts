/** What a catalogue is used for in a day, by whichever version: all of it must go well on the data of any other. */
import { expect } from 'vitest';

import type { Registry } from '../../../lib/domain/registry.ts';
import type { Catalogue } from '../../../lib/stores/catalogue.ts';
import { FRESH, fullRegistryFixture, HOUR, START } from '../../support/registry-fixture.ts';
import { idsOf, pageOf } from '../contract/catalogue-under-test.ts';
import { agent, change, decision, policy, principalAgent } from '../contract/entries.ts';

/**
 * `name`: of this day's version; everything that it adds is called by it. `later`: what this version knows of a registry and
 * the version before does not.
 */
export async function workingDay(
  catalogue: Catalogue,
  name: string,
  before: readonly string[],
  later: Pick<Registry, 'expiresOn'> = {},
): Promise<void> {
  const {
    expiresOn: _date,
    expiryReported: _stage,
    ...known
  } = fullRegistryFixture({ id: name, environments: ['prod'] });
  const { address } = await catalogue.addRegistry({ ...known, ...later }, change({ subject: name }));
  await catalogue.addAgent(agent({ id: `agent-${name}` }), change({ subject: name }));
  await catalogue.addAgent(principalAgent({ id: `role-${name}` }), change({ subject: name }));
  for (const scope of [null, 'prod']) {
    const written = { scope, document: policy(), expectedRevision: undefined, updatedAt: START };
    expect(await catalogue.putPolicy({ ...written, change: change() })).toMatchObject({ kind: 'stored' });
  }
  await catalogue.recordDecision(decision({ image: name }));
  const all = [...before, name];
  for (const id of all) await workOn(catalogue, id, { by: name, later });

  const caller = { kind: 'agent', id: `agent-${before[0] ?? name}` } as const;
  const view = await catalogue.readForResolve({ caller, environment: 'prod', host: address.split('/', 1).join('') });
  expect(view.registries.map(({ id }) => id).toSorted()).toStrictEqual(all.toSorted());
  expect(view).toMatchObject({ agents: [{ id: caller.id }], organisationPolicy: { document: policy() } });
  expect(idsOf(await catalogue.listRegistries({ filter: {}, limit: 50 }))).toHaveLength(all.length);
  expect(idsOf(await catalogue.listAgents({ limit: 50 }))).toHaveLength(2 * all.length);
  expect(await catalogue.listPrincipals()).toHaveLength(all.length);
  const { items } = pageOf(await catalogue.listAudit({ type: 'decision', limit: 50 }));
  expect(items).toHaveLength(all.length);
}

/** An edit, a refresh, a rejection. */
async function workOn(
  catalogue: Catalogue,
  id: string,
  { by, later }: { readonly by: string; readonly later: Pick<Registry, 'expiresOn'> },
): Promise<void> {
  const registry = await catalogue.getRegistry(id);
  if (registry === undefined) throw new Error(`${by} does not find ${id}`);
  const edited = await catalogue.updateRegistry({
    registry: { ...registry, ...later, description: `edited by ${by}` },
    ...{ expectedRevision: registry.revision, replaceCredential: false, change: change({ subject: id }) },
  });
  expect(edited).toMatchObject({ kind: 'stored' });
  const now = START + 1_000 * HOUR;
  const claimed = await catalogue.claimRegistry(id, { claimId: by, now, until: now + HOUR });
  expect(claimed).toMatchObject({ id, description: `edited by ${by}` });
  const credential = { ...FRESH, lastError: { code: 'throttled', at: START } } as const;
  const known = { sourceVersion: registry.sourceVersion, knownRejection: registry.credential.rejectedVersion };
  const outcome = { registryId: id, claimId: by, ...known, credential };
  expect(await catalogue.finishRefresh(outcome)).toBe('stored');
  const report = { registryId: id, version: 'version-1', now };
  expect(await catalogue.reportRejection(report)).toBe('scheduled');
}
