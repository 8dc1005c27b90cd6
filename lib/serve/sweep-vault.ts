/**
 * At start: removes what a crash between two writes left in the vault. Only what no registry points at, and only while
 * nobody else can be writing: the data is locked and the API does not answer yet.
 */
import { currentVersions } from '../service/registry-source.ts';
import type { Report } from '../service/events.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';

export async function sweepVault(deps: {
  readonly catalogue: Pick<Catalogue, 'getRegistry'>;
  readonly vault: Vault;
  readonly report: Report;
}): Promise<void> {
  for (const registryId of await deps.vault.registryIds()) {
    const registry = await deps.catalogue.getRegistry(registryId);
    if (registry !== undefined) {
      await deps.vault.prune(registryId, currentVersions(registry));
      continue;
    }
    await deps.vault.remove(registryId);
    deps.report({ level: 'warn', code: 'vault.orphan_removed', fields: { registryId } });
  }
}
