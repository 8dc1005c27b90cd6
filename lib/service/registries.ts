/** Registries as administrators handle them once they are there: read, list, activate, deactivate, delete, refresh. */
import type { ChangeEntry } from '../domain/audit.ts';
import { splitAddress } from '../domain/address.ts';
import type { NotFound, RevisionConflict } from '../domain/failures.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { MintFailure } from '../sources/source-kind.ts';
import type { Catalogue, PageResult, RegistryFilter } from '../stores/catalogue.ts';
import type { RegistryBusy } from './edit-registry.ts';
import { asVerification, checkLogin } from './login.ts';
import type { LoginCheckOutcome } from '../distribution/login-check.ts';
import { refreshNow } from './refresh.ts';
import type { RefreshDeps } from './refresh-registry.ts';
import { currentCredential, type CredentialUnavailable, type ReleaseDeps } from './release.ts';
import { viewOf, type RegistryView } from './registry-view.ts';

const NO_REGISTRY: NotFound = { kind: 'not_found', resource: 'registry' };

export interface RegistryReadDeps {
  readonly catalogue: Pick<Catalogue, 'getRegistry' | 'listRegistries' | 'registriesOnHost'>;
  readonly now: () => number;
}

export async function viewRegistry(registry: Registry, deps: RegistryReadDeps): Promise<RegistryView> {
  const { host } = splitAddress(registry.address);
  return viewOf(registry, await deps.catalogue.registriesOnHost(host), deps.now());
}

export async function showRegistry(id: string, deps: RegistryReadDeps): Promise<Result<RegistryView, NotFound>> {
  const registry = await deps.catalogue.getRegistry(id);
  return registry === undefined ? failure(NO_REGISTRY) : success(await viewRegistry(registry, deps));
}

export async function listRegistries(
  query: { readonly filter: RegistryFilter; readonly limit: number; readonly cursor?: string },
  deps: RegistryReadDeps,
): Promise<PageResult<RegistryView>> {
  const page = await deps.catalogue.listRegistries(query);
  if (page === 'bad_cursor') return page;
  const hosts = [...new Set(page.items.map((registry) => splitAddress(registry.address).host))];
  const onHost = new Map(
    await Promise.all(hosts.map(async (host) => [host, await deps.catalogue.registriesOnHost(host)] as const)),
  );
  const now = deps.now();
  const items = page.items.map((registry) =>
    viewOf(registry, onHost.get(splitAddress(registry.address).host) ?? [], now),
  );
  return { ...page, items };
}

export interface RegistryChangeDeps extends Omit<RefreshDeps, 'catalogue'> {
  readonly catalogue: Catalogue;
}

interface Target {
  readonly id: string;
  readonly actor: string;
  readonly expectedRevision: number | undefined;
}

/** Stops new pulls; containers that run are not touched. Activating again needs no password. */
export async function deactivateRegistry(
  target: Target,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  return await setState(target, 'inactive', deps);
}

/** Pulls work again at once: a credential that ran out while it was inactive is made anew before the answer. */
export async function activateRegistry(
  target: Target,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const activated = await setState(target, 'active', deps);
  if (!activated.ok) return activated;
  const { dueAt } = activated.value.credential;
  if (dueAt === undefined || dueAt > deps.now()) return activated;
  // Its failure is on the registry for all to see, and the refresher goes on trying: the activation itself stands.
  await refreshNow(target.id, deps);
  return success((await deps.catalogue.getRegistry(target.id)) ?? activated.value);
}

async function setState(
  target: Target,
  state: Registry['state'],
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const { id, actor, expectedRevision } = target;
  const registry = await deps.catalogue.getRegistry(id);
  if (registry === undefined) return failure(NO_REGISTRY);
  if (expectedRevision !== undefined && expectedRevision !== registry.revision) {
    return failure({ kind: 'revision_conflict', currentRevision: registry.revision });
  }
  if (registry.state === state) return success(registry);
  const now = deps.now();
  const action = state === 'active' ? 'registry.activate' : 'registry.deactivate';
  const written = await deps.catalogue.updateRegistry({
    registry: { ...registry, state, updatedAt: now },
    expectedRevision: registry.revision,
    replaceCredential: false,
    change: { type: 'change', at: now, actor, action, subject: id, detail: registry.address },
  });
  if (written.kind === 'missing') return failure(NO_REGISTRY);
  if (written.kind === 'conflict') {
    return failure({ kind: 'revision_conflict', currentRevision: written.currentRevision });
  }
  return success(written.item);
}

/** Catalogue first: from then on nobody is given the credential; what is left in the vault nobody can point at. */
export async function deleteRegistry(
  target: Target,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const { id, actor, expectedRevision } = target;
  const change: ChangeEntry = { type: 'change', at: deps.now(), actor, action: 'registry.delete', subject: id };
  const removed = await deps.catalogue.removeRegistry({ id, expectedRevision, change });
  if (removed.kind === 'missing') return failure(NO_REGISTRY);
  if (removed.kind === 'conflict') {
    return failure({ kind: 'revision_conflict', currentRevision: removed.currentRevision });
  }
  await deps.vault.remove(id);
  return success(removed.item);
}

/** Mints a new credential now, whatever is due. On failure the present one stays, and the reason comes back. */
export async function refreshRegistry(
  id: string,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RegistryBusy | MintFailure>> {
  const result = await refreshNow(id, deps);
  if (result === 'missing') return failure(NO_REGISTRY);
  if (result === 'busy' || result.outcome === 'lost') return failure({ kind: 'registry_busy' });
  if (result.failure !== undefined) return failure(result.failure);
  const registry = await deps.catalogue.getRegistry(id);
  return registry === undefined ? failure(NO_REGISTRY) : success(registry);
}

/** Logs in with the present credential and notes what came of it. The credential itself is not touched. */
export async function verifyRegistry(
  id: string,
  deps: RegistryChangeDeps & ReleaseDeps,
): Promise<Result<LoginCheckOutcome, NotFound | RegistryBusy | CredentialUnavailable>> {
  const found = await deps.catalogue.getRegistry(id);
  if (found === undefined) return failure(NO_REGISTRY);
  const credential = await currentCredential(found, deps);
  if (!credential.ok) return credential;
  const outcome = await checkLogin(found, credential.value, deps);

  const now = deps.now();
  const claimId = deps.newId();
  const registry = await deps.catalogue.claimRegistry(id, { claimId, now, until: now + NOTE_CLAIM_MS });
  if (registry === 'missing') return failure(NO_REGISTRY);
  if (registry === 'busy') return failure({ kind: 'registry_busy' });
  const { claim: _ours, ...record } = registry.credential;
  const { sourceVersion } = registry;
  const verification = asVerification(outcome, now);
  await deps.catalogue.finishRefresh({ registryId: id, claimId, sourceVersion, credential: record, verification });
  return success(outcome);
}

/** Long enough for the one write that follows it. */
const NOTE_CLAIM_MS = 10_000;
