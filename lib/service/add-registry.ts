/** Adds a registry: checked, minted, logged in, then stored, vault first. A crash in between leaves no registry. */
import { parseAddress, type CanonicalAddress } from '../domain/address.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import type { Registry } from '../domain/registry.ts';
import { mistakenHost } from '../domain/registry-host.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { AcceptedSource, MintFailure, SourceKind } from '../sources/source-kind.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';
import { registryDetail } from './change-detail.ts';
import { obtainCredential, type Obtained, type ObtainDeps, type VerificationFailed } from './obtain-credential.ts';
import type { Report } from './events.ts';
import { applyExpiryDate, type ExpiryInput } from './expiry-date-rules.ts';
import { applySettings, type RegistrySettingsInput } from './registry-input.ts';
import { acceptSource, currentVersions } from './registry-source.ts';

export interface NewRegistryInput extends RegistrySettingsInput, ExpiryInput {
  readonly address: string;
  /** Its `kind` says which source kind checks the rest. */
  readonly source: unknown;
  readonly environments: readonly string[];
  /** Inactive from the first moment, for what is brought over from elsewhere. */
  readonly state?: Registry['state'] | undefined;
  readonly verify?: boolean | undefined;
}

export interface AddRegistryDeps extends ObtainDeps {
  readonly catalogue: Pick<Catalogue, 'addRegistry' | 'installationId'>;
  readonly vault: Vault;
  readonly kinds: readonly SourceKind[];
  /** Time-ordered and unique. */
  readonly newRegistryId: () => string;
  readonly report: Report;
}

export type AddRegistryFailure = InvalidInput | MintFailure | VerificationFailed;

export async function addRegistry(
  input: NewRegistryInput,
  actor: string,
  deps: AddRegistryDeps,
): Promise<Result<Registry, AddRegistryFailure>> {
  const address = parseAddress(input.address);
  if (!address.ok) return failure(invalidInput('address', address.failure.rule));
  const mistake = mistakenHost(address.value.host);
  if (mistake !== undefined) return failure(invalidInput('address', mistake));
  const { canonical } = address.value;
  const settings = applySettings(input, { address: canonical, environments: [], tls: {} });
  if (!settings.ok) return settings;
  const installationId = await deps.catalogue.installationId();
  const source = acceptSource(input.source, { address: canonical, installationId }, deps.kinds);
  if (!source.ok) return source;
  const expiryDate = applyExpiryDate(input, undefined, deps);
  if (!expiryDate.ok) return expiryDate;

  const target = { address: canonical, ...settings.value, ...expiryDate.value };
  const obtained = await obtainCredential({ ...source.value, target, verify: input.verify !== false }, deps);
  if (!obtained.ok) return obtained;
  const { state = 'active' } = input;
  const parts = { target, state, source: source.value.source, obtained: obtained.value };
  return success(await storeNew(parts, actor, deps));
}

async function storeNew(
  parts: {
    readonly target: { readonly address: CanonicalAddress } & Pick<Registry, 'environments' | 'tls'>;
    readonly state: Registry['state'];
    readonly source: AcceptedSource;
    readonly obtained: Obtained;
  },
  actor: string,
  deps: AddRegistryDeps,
): Promise<Registry> {
  const { target, state, source, obtained } = parts;
  const id = deps.newRegistryId();
  const now = deps.now();
  const sourceVersion = source.secret === undefined ? undefined : deps.newId();
  const kept = registryDetail({ ...target, source: source.settings });
  const detail = obtained.verification === undefined ? `${kept}, not logged in` : kept;
  try {
    if (source.secret !== undefined && sourceVersion !== undefined) {
      await deps.vault.putSource(id, sourceVersion, source.secret);
    }
    const { issued } = obtained;
    if (issued !== undefined) await deps.vault.putIssued(id, { ...issued.credential, version: issued.version });
    const stored = await deps.catalogue.addRegistry(
      {
        id,
        ...target,
        state,
        source: source.settings,
        ...(sourceVersion === undefined ? {} : { sourceVersion }),
        ...(obtained.verification === undefined ? {} : { verification: obtained.verification }),
        credential: obtained.record,
        createdAt: now,
        updatedAt: now,
      },
      { type: 'change', at: now, actor, action: 'registry.add', subject: id, detail },
    );
    await deps.vault.settle(id, currentVersions(stored));
    return stored;
  } catch (error) {
    // The catalogue may or may not have it; what is in the vault without a registry is swept later.
    deps.report({ level: 'error', code: 'registry.add_failed', fields: { registryId: id } });
    throw error;
  }
}
