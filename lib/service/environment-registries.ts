/**
 * What the catalogue says about a whole environment: both policies, and the registry that answers at each address. For
 * answers about everything at once; an answer about one image reads only its host (resolve-view.ts).
 */
import type { EnvironmentName } from '../domain/environment-name.ts';
import type { Policies } from '../domain/policy-decision.ts';
import { compareForAddress } from '../domain/registry-selection.ts';
import type { Registry } from '../domain/registry.ts';
import type { UnreadableRegistry } from '../domain/unreadable-registry.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { everyPage } from './every-item.ts';

export interface EnvironmentRegistriesDeps {
  readonly catalogue: Pick<Catalogue, 'listRegistries' | 'getPolicy'>;
  readonly now: () => number;
}

export interface EnvironmentRegistries {
  readonly policies: Policies;
  /** At each address the one that answers, newest first. An inactive one answers, too: with a refusal. */
  readonly answering: readonly Registry[];
  /** Any of these may be the one that answers at its address. */
  readonly unreadable: readonly UnreadableRegistry[];
}

const PAGE = 500;

export async function environmentRegistries(
  environment: EnvironmentName,
  deps: EnvironmentRegistriesDeps,
): Promise<EnvironmentRegistries> {
  const { catalogue, now } = deps;
  const [organisation, ownPolicy] = await Promise.all([catalogue.getPolicy(null), catalogue.getPolicy(environment)]);
  const pages = everyPage((query) => catalogue.listRegistries({ filter: { environment }, ...query }), PAGE);
  const best = new Map<string, Registry>();
  const unreadable: UnreadableRegistry[] = [];
  for await (const page of pages) {
    unreadable.push(...(page.unreadable ?? []));
    for (const registry of page.items) {
      const rival = best.get(registry.address);
      const isBetter = rival === undefined || compareForAddress(registry, rival, environment) < 0;
      if (isBetter) best.set(registry.address, registry);
    }
  }
  const policies = { organisation: organisation?.document, environment: ownPolicy?.document, at: now() };
  return { policies, answering: [...best.values()], unreadable };
}
