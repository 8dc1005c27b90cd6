/**
 * Edits a registry. The address never changes. A change that would send the stored secret over weaker TLS or to a new
 * token host needs the secret again: otherwise whoever may edit could have it sent to himself.
 */
import { invalidInput, type InvalidInput, type NotFound, type RevisionConflict } from '../domain/failures.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { weakensTransport } from '../domain/transport-change.ts';
import type { AcceptedSource, MintFailure, SourceKind } from '../sources/source-kind.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { AddRegistryDeps } from './add-registry.ts';
import { editDetail } from './change-detail.ts';
import { applyExpiryDate, type ExpiryInput } from './expiry-date-rules.ts';
import { obtainCredential, type Obtained, type VerificationFailed } from './obtain-credential.ts';
import { applySettings, type RegistrySettingsInput } from './registry-input.ts';
import { acceptSource, currentVersions, readSource } from './registry-source.ts';
import { editedDrift } from './verification.ts';

export interface RegistryEdit extends RegistrySettingsInput, ExpiryInput {
  readonly verify?: boolean | undefined;
}

export interface EditRegistryDeps extends Omit<AddRegistryDeps, 'catalogue' | 'newRegistryId'> {
  readonly catalogue: Pick<
    Catalogue,
    'getRegistry' | 'updateRegistry' | 'installationId' | 'claimRegistry' | 'finishRefresh'
  >;
}

/** A refresh holds the registry right now: nothing was changed, and a second try in a moment will do. */
export interface RegistryBusy {
  readonly kind: 'registry_busy';
}

export type EditRegistryFailure =
  InvalidInput | MintFailure | VerificationFailed | NotFound | RevisionConflict | RegistryBusy;

interface Change {
  readonly id: string;
  readonly edit: RegistryEdit;
  /** From `If-Match`; undefined: whatever it is now, and nobody else may change it meanwhile. */
  readonly expectedRevision: number | undefined;
  readonly actor: string;
}

export async function editRegistry(
  change: Change,
  deps: EditRegistryDeps,
): Promise<Result<Registry, EditRegistryFailure>> {
  const { edit } = change;
  if (Object.values(edit).every((part) => part === undefined)) {
    return failure(invalidInput('', 'must name at least one field to change'));
  }
  const previous = await deps.catalogue.getRegistry(change.id);
  if (previous === undefined) return failure({ kind: 'not_found', resource: 'registry' });
  if (change.expectedRevision !== undefined && change.expectedRevision !== previous.revision) {
    return failure({ kind: 'revision_conflict', currentRevision: previous.revision });
  }
  const settings = applySettings(edit, previous);
  if (!settings.ok) return settings;
  const expiryDate = applyExpiryDate(edit, previous, deps);
  if (!expiryDate.ok) return expiryDate;
  const target = { address: previous.address, ...settings.value, ...expiryDate.value };
  // A probe is part of what "verified" means, so it is logged in with anew.
  const touched = [edit.source, edit.tls, edit.trustedRealms, edit.probe].some((part) => part !== undefined);
  const reissue = touched || edit.verify === true;
  if (!reissue) return await storeEdit({ change, previous, target }, deps);
  const weaker = weakensTransport(previous, settings.value);
  return await reissueEdit({ change, previous, target, weaker, touched }, deps);
}

/** Under a claim, so that no refresh runs beside it and mints from the source that is being replaced. */
async function reissueEdit(
  parts: {
    readonly change: Change;
    readonly previous: Registry;
    readonly target: Target;
    readonly weaker: boolean;
    /** What is logged in with, or where, is another. */
    readonly touched: boolean;
  },
  deps: EditRegistryDeps,
): Promise<Result<Registry, EditRegistryFailure>> {
  const { change, previous, target, weaker, touched } = parts;
  const source = await editedSource({ previous, input: change.edit.source, needsSecret: weaker }, deps);
  if (!source.ok) return source;

  const claim = { claimId: deps.newId(), now: deps.now(), until: deps.now() + CLAIM_MS };
  const claimed = await deps.catalogue.claimRegistry(previous.id, claim);
  if (claimed === 'missing') return failure({ kind: 'not_found', resource: 'registry' });
  if (claimed === 'busy') return failure({ kind: 'registry_busy' });
  const verify = change.edit.verify !== false;
  const present = change.edit.source === undefined ? { present: claimed.credential } : {};
  // What was verified before says nothing about a new source or new TLS.
  const verified = touched || claimed.verification === undefined ? {} : { verified: claimed.verification };
  const obtained = await obtainCredential({ ...source.value, target, verify, ...present, ...verified }, deps);
  const drift = obtained.ok ? editedDrift(claimed, obtained.value.verification) : undefined;
  const stored = obtained.ok
    ? await storeEdit(
        { change, previous, target, reissued: { ...source.value, obtained: obtained.value, drift } },
        deps,
      )
    : obtained;
  if (!stored.ok) {
    // What was written beside the old versions is a password that nobody was told is stored.
    await deps.vault.prune(previous.id, currentVersions(claimed));
    // Gives the claim back with the record as it was; when the registry has changed hands meanwhile this does nothing.
    const { id: registryId, sourceVersion } = claimed;
    await deps.catalogue.finishRefresh({ registryId, claimId: claim.claimId, sourceVersion });
    return stored;
  }
  if (drift !== undefined) deps.report(drift.event);
  return stored;
}

type Target = Pick<
  Registry,
  'address' | 'environments' | 'tls' | 'trustedRealms' | 'probe' | 'email' | 'description' | 'expiresOn'
>;

/** Longer than a mint and a login may take together. */
const CLAIM_MS = 60_000;

interface EditedSource {
  readonly kind: SourceKind;
  readonly source: AcceptedSource;
}

interface Reissued extends EditedSource {
  readonly obtained: Obtained;
  readonly drift: ReturnType<typeof editedDrift>;
}

async function editedSource(
  request: { readonly previous: Registry; readonly input: unknown; readonly needsSecret: boolean },
  deps: EditRegistryDeps,
): Promise<Result<EditedSource, InvalidInput>> {
  const { previous, input } = request;
  const { address, source: settings, sourceVersion } = previous;
  const installationId = await deps.catalogue.installationId();
  // Where the secret has to be given again the stored one is not looked at, so it can't fill the gap.
  const hide = request.needsSecret && sourceVersion !== undefined;
  if (hide && input === undefined) {
    const rule = 'must be given again, with its secret, when TLS is changed or a token host is added';
    return failure(invalidInput('source', rule));
  }
  const secret = hide ? undefined : await readSource(previous, deps.vault);
  const context = { address, installationId, previous: { settings, secret } };
  return acceptSource(input ?? { kind: settings.kind }, context, deps.kinds);
}

async function storeEdit(
  parts: {
    readonly change: Change;
    readonly previous: Registry;
    readonly target: Target;
    readonly reissued?: Reissued;
  },
  deps: EditRegistryDeps,
): Promise<Result<Registry, NotFound | RevisionConflict>> {
  const { previous, change } = parts;
  const { id, order, state, createdAt, revision } = previous;
  const now = deps.now();
  const drift = parts.reissued?.drift;
  const edited = editDetail(change.edit, previous, parts.target);
  const detail = drift === undefined ? edited : `${edited}; ${drift.words}`;
  const written = await deps.catalogue.updateRegistry({
    registry: {
      ...{ id, order, state, createdAt, revision, ...parts.target, updatedAt: now },
      ...(parts.reissued === undefined ? keptParts(previous) : await newParts(id, parts.reissued, deps)),
    },
    expectedRevision: previous.revision,
    replaceCredential: parts.reissued !== undefined,
    change: { type: 'change', at: now, actor: change.actor, action: 'registry.edit', subject: id, detail },
  });
  switch (written.kind) {
    case 'missing':
      await deps.vault.remove(id);
      return failure({ kind: 'not_found', resource: 'registry' });
    case 'conflict':
      return failure({ kind: 'revision_conflict', currentRevision: written.currentRevision });
    case 'stored':
      await deps.vault.settle(id, currentVersions(written.item));
      if (parts.reissued !== undefined) await deps.vault.prune(id, currentVersions(written.item));
      return success(written.item);
  }
}

type SourceParts = Pick<Registry, 'source' | 'sourceVersion' | 'verification' | 'credential'>;

function keptParts(previous: Registry): SourceParts {
  const { source, sourceVersion, verification, credential } = previous;
  return {
    source,
    credential,
    ...(sourceVersion === undefined ? {} : { sourceVersion }),
    ...(verification === undefined ? {} : { verification }),
  };
}

/**
 * Writes the new versions into the vault, beside the old ones that the catalogue still points at. Those are settled first: a
 * vault may keep one version only beside the current one, and whoever died before `settle` left them there.
 */
async function newParts(id: string, reissued: Reissued, deps: EditRegistryDeps): Promise<SourceParts> {
  const { settings, secret } = reissued.source;
  const { issued, record, verification } = reissued.obtained;
  const sourceVersion = secret === undefined ? undefined : deps.newId();
  const present = await deps.catalogue.getRegistry(id);
  if (present !== undefined) await deps.vault.settle(id, currentVersions(present));
  if (secret !== undefined && sourceVersion !== undefined) await deps.vault.putSource(id, sourceVersion, secret);
  if (issued !== undefined) await deps.vault.putIssued(id, { ...issued.credential, version: issued.version });
  return {
    source: settings,
    credential: record,
    ...(sourceVersion === undefined ? {} : { sourceVersion }),
    ...(verification === undefined ? {} : { verification }),
  };
}
