/**
 * At start, while the data is locked and the API does not answer yet: what vault and catalogue have of each other.
 *
 * What a crash left in the vault is set aside, and removed after a week (service/vault-sweep.ts). What the catalogue names and the
 * vault has not is made anew at once where the source can, and named where it cannot. Nothing is removed for being newer than what
 * the catalogue names: it may be the catalogue that is of yesterday.
 */
import type { Registry } from '../domain/registry.ts';
import type { Report } from '../service/events.ts';
import { everyPage } from '../service/every-item.ts';
import { lostCredentials } from '../service/pull-deps.ts';
import { currentVersions, readSource } from '../service/registry-source.ts';
import { readIssued } from '../service/release.ts';
import { carryOutSweep, planSweep } from '../service/vault-sweep.ts';
import type { EmbeddedStore } from '../stores/embedded/open-embedded-store.ts';

export type SweepDeps = Pick<EmbeddedStore, 'catalogue' | 'vault' | 'installation' | 'belongTogether'> & {
  readonly report: Report;
  readonly now: () => number;
};

const PAGE = 500;

export async function sweepVault(deps: SweepDeps): Promise<void> {
  const known = new Set<string>();
  for await (const page of everyPage((query) => deps.catalogue.listRegistries({ filter: {}, ...query }), PAGE)) {
    for (const { id } of page.unreadable ?? []) known.add(id);
    for (const registry of page.items) {
      known.add(registry.id);
      await deps.vault.settle(registry.id, currentVersions(registry));
      await checkVersions(registry, deps);
    }
  }
  await sweepOrphans(known, deps);
}

async function checkVersions(registry: Registry, deps: SweepDeps): Promise<void> {
  const { id, sourceVersion, credential } = registry;
  const missing = (kind: string, version: string): void => {
    deps.report({ level: 'error', code: 'vault.version_missing', fields: { registryId: id, kind, version } });
  };
  if (sourceVersion !== undefined && (await readSource(registry, deps.vault)) === undefined) {
    missing('source', sourceVersion);
  }
  const version = credential.current?.version;
  if (version === undefined || (await readIssued(id, version, { issued: deps.vault })) !== undefined) return;
  missing('issued', version);
  await lostCredentials(deps.catalogue)(id, version);
}

async function sweepOrphans(known: ReadonlySet<string>, deps: SweepDeps): Promise<void> {
  const { vault, report } = deps;
  const ids = await vault.registryIds();
  const orphans = ids.filter((id) => !known.has(id));
  if (!deps.belongTogether) {
    report({ level: 'error', code: 'vault.unknown_installation', fields: { orphans: orphans.length } });
    return;
  }
  const plan = planSweep({
    known: ids.filter((id) => known.has(id)),
    ...{ orphans, aside: await vault.orphans(), catalogueSince: deps.installation.since, now: deps.now() },
  });
  if (plan.tooMany) {
    report({ level: 'error', code: 'vault.too_many_orphans', fields: { orphans: orphans.length } });
  }
  await carryOutSweep(plan, deps);
}
