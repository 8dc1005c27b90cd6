/** Registries as administrators handle them once they are there: read, list, activate, deactivate, delete, refresh. */
import type { ChangeEntry } from '../domain/audit.ts';
import { splitAddress } from '../domain/address.ts';
import { withRejection, type CredentialRecord } from '../domain/credential.ts';
import type { NotFound, RevisionConflict } from '../domain/failures.ts';
import { standingsOn } from '../domain/registry-overrides.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { MintFailure } from '../sources/source-kind.ts';
import type { Catalogue, PageResult, RegistryFilter } from '../stores/catalogue.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import type { RegistryBusy } from './edit-registry.ts';
import { registryDetail } from './change-detail.ts';
import { checkLogin, isRefusal } from './login.ts';
import { mintFailure } from './mint.ts';
import { noteLogin } from './note-login.ts';
import type { LoginCheckOutcome } from '../distribution/login-check.ts';
import { refreshNow } from './refresh.ts';
import { recordAfterFailure, type RefreshDeps } from './refresh-registry.ts';
import { findKind } from '../sources/find-kind.ts';
import { currentCredential, stateOf, type NotReleased, type ReleaseDeps } from './release.ts';
import { viewOf, type RegistryView } from './registry-view.ts';

const NO_REGISTRY: NotFound = { kind: 'not_found', resource: 'registry' };

export interface RegistryReadDeps {
  readonly catalogue: Pick<Catalogue, 'getRegistry' | 'listRegistries' | 'registriesOnHost'>;
  readonly now: () => number;
}

export async function viewRegistry(registry: Registry, deps: RegistryReadDeps): Promise<RegistryView> {
  const standings = standingsOn(await deps.catalogue.registriesOnHost(splitAddress(registry.address).host));
  return viewOf(registry, standings(registry.id), deps.now());
}

/** One read a host, however many of them are on it. */
export async function viewRegistries(
  registries: readonly Registry[],
  deps: RegistryReadDeps,
): Promise<readonly RegistryView[]> {
  const hosts = [...new Set(registries.map(({ address }) => splitAddress(address).host))];
  const onHost = await Promise.all(hosts.map((host) => deps.catalogue.registriesOnHost(host)));
  const standings = standingsOn(onHost.flat());
  const now = deps.now();
  return registries.map((registry) => viewOf(registry, standings(registry.id), now));
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
  const { items, cursor } = page;
  return { items: await viewRegistries(items, deps), ...(cursor === undefined ? {} : { cursor }) };
}

export interface RegistryChangeDeps extends Omit<RefreshDeps, 'catalogue'> {
  readonly catalogue: Catalogue;
}

/** Which registry, who asks, and at which revision; undefined: whatever it is. */
export interface RegistryTarget {
  readonly id: string;
  readonly actor: string;
  readonly expectedRevision: number | undefined;
}

/** Stops new pulls; containers that run are not touched. Activating again needs no password. */
export async function deactivateRegistry(
  target: RegistryTarget,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  return await setState(target, 'inactive', deps);
}

/** Pulls work again at once: a credential that ran out while it was inactive is made anew before the answer. */
export async function activateRegistry(
  target: RegistryTarget,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const activated = await setState(target, 'active', deps);
  if (!activated.ok || !wantsMint(activated.value, deps.now())) return activated;
  // Its failure is on the registry for all to see, and the refresher goes on trying: the activation itself stands.
  await refreshNow({ registryId: target.id, change: changeBy(target, 'registry.refresh', deps) }, deps);
  return success((await deps.catalogue.getRegistry(target.id)) ?? activated.value);
}

/** Due, or without a credential that works: then it does not wait out a back-off either. */
function wantsMint(registry: Registry, now: number): boolean {
  const { dueAt } = registry.credential;
  if (dueAt === undefined) return false;
  const state = stateOf(registry, now);
  return dueAt <= now || state === 'pending' || state === 'expired';
}

function changeBy(target: RegistryTarget, action: string, deps: Pick<RegistryChangeDeps, 'now'>): ChangeEntry {
  return { type: 'change', at: deps.now(), actor: target.actor, action, subject: target.id };
}

async function setState(
  target: RegistryTarget,
  state: Registry['state'],
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const found = await findRegistry(target, deps);
  if (!found.ok || found.value.state === state) return found;
  const registry = found.value;
  const action = state === 'active' ? 'registry.activate' : 'registry.deactivate';
  const change = { ...changeBy(target, action, deps), detail: registry.address };
  const written = await deps.catalogue.updateRegistry({
    registry: { ...registry, state, updatedAt: change.at },
    expectedRevision: registry.revision,
    replaceCredential: false,
    change,
  });
  if (written.kind === 'missing') return failure(NO_REGISTRY);
  if (written.kind === 'conflict') {
    return failure({ kind: 'revision_conflict', currentRevision: written.currentRevision });
  }
  return success(written.item);
}

/** The registry, at the revision that the caller knows. */
async function findRegistry(
  target: RegistryTarget,
  deps: Pick<RegistryChangeDeps, 'catalogue'>,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const registry = await deps.catalogue.getRegistry(target.id);
  if (registry === undefined) return failure(NO_REGISTRY);
  if (target.expectedRevision !== undefined && target.expectedRevision !== registry.revision) {
    return failure({ kind: 'revision_conflict', currentRevision: registry.revision });
  }
  return success(registry);
}

/** Catalogue first: from then on nobody is given the credential; what is left in the vault nobody can point at. */
export async function deleteRegistry(
  target: RegistryTarget,
  deps: RegistryChangeDeps,
): Promise<Result<undefined, NotFound | RevisionConflict>> {
  const { id, expectedRevision } = target;
  const detail = await detailOfDeleted(target, deps);
  if (!detail.ok) return detail;
  const change = { ...changeBy(target, 'registry.delete', deps), detail: detail.value };
  const removed = await deps.catalogue.removeRegistry({ id, expectedRevision, change });
  if (removed.kind === 'missing') return failure(NO_REGISTRY);
  if (removed.kind === 'conflict') {
    return failure({ kind: 'revision_conflict', currentRevision: removed.currentRevision });
  }
  await deps.vault.remove(id);
  return success(undefined);
}

/** For the record. One that cannot be read is deleted all the same. */
async function detailOfDeleted(
  target: RegistryTarget,
  deps: RegistryChangeDeps,
): Promise<Result<string, NotFound | RevisionConflict>> {
  try {
    const found = await findRegistry(target, deps);
    return found.ok ? success(registryDetail(found.value)) : found;
  } catch (error) {
    if (error instanceof UnreadableRow) return success('could not be read');
    throw error;
  }
}

/** Mints a new credential now, whatever is due. On failure the present one stays, and the reason comes back. */
export async function refreshRegistry(
  target: RegistryTarget,
  deps: RegistryChangeDeps,
): Promise<Result<Registry, NotFound | RevisionConflict | RegistryBusy | MintFailure>> {
  const found = await findRegistry(target, deps);
  if (!found.ok) return found;
  const change = { ...changeBy(target, 'registry.refresh', deps), detail: found.value.address };
  const result = await refreshNow({ registryId: target.id, change }, deps);
  if (result === 'missing') return failure(NO_REGISTRY);
  if (result === 'busy' || result.outcome === 'lost') return failure({ kind: 'registry_busy' });
  if (result.failure !== undefined) return failure(result.failure);
  const registry = await deps.catalogue.getRegistry(target.id);
  return registry === undefined ? failure(NO_REGISTRY) : success(registry);
}

/** Logs in with the present credential and notes what came of it, also on the credential's record. */
export async function verifyRegistry(
  target: RegistryTarget,
  deps: RegistryChangeDeps & ReleaseDeps,
): Promise<Result<LoginCheckOutcome, NotFound | RevisionConflict | RegistryBusy | NotReleased>> {
  const found = await findRegistry(target, deps);
  if (!found.ok) return found;
  const credential = await currentCredential(found.value, deps);
  if (!credential.ok) return credential;
  const beganAt = deps.now();
  const outcome = await checkLogin(found.value, credential.value, deps);
  const login = {
    registry: found.value,
    beganAt,
    outcome,
    credential: (registry: Registry) => recordAfterCheck(registry, outcome, deps),
    change: { ...changeBy(target, 'registry.verify', deps), detail: loginWords(outcome) },
  };
  const noted = await noteLogin(login, deps);
  switch (noted.kind) {
    case 'noted':
      return success(outcome);
    case 'missing':
      return failure(NO_REGISTRY);
    case 'busy':
    case 'lost':
      return failure({ kind: 'registry_busy' });
  }
}

function loginWords({ status, warning }: LoginCheckOutcome): string {
  return warning === undefined ? status : `${status}, ${warning}`;
}

/** A refusal counts like a failed refresh, and is tried again like one; a login that works takes back a refusal. */
function recordAfterCheck(registry: Registry, outcome: LoginCheckOutcome, deps: RegistryChangeDeps): CredentialRecord {
  const { claim: _ours, ...record } = registry.credential;
  const renewable = findKind(deps.kinds, registry.source.kind)?.renewable ?? true;
  if (isRefusal(outcome)) {
    const refusal = mintFailure('login_refused', outcome.advice);
    const failed = recordAfterFailure(record, { failure: refusal, renewable, now: deps.now() }, deps.random);
    return outcome.status === 'unauthorized' ? withRejection(failed) : failed;
  }
  if (outcome.status !== 'verified' || renewable || record.current === undefined) return record;
  return { current: record.current, consecutiveFailures: 0 };
}
