/** Finds the source kind that a document names and has it checked. */
import type { CanonicalAddress } from '../domain/address.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import type { Registry, SourceSettings } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import { findKind } from '../sources/find-kind.ts';
import type { AcceptedSource, SourceKind } from '../sources/source-kind.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import type { Vault } from '../stores/vault.ts';

export interface SourceContext {
  readonly address: CanonicalAddress;
  readonly installationId: string;
  readonly previous?: { readonly settings: SourceSettings; readonly secret: Secret | undefined };
}

export function acceptSource(
  input: unknown,
  context: SourceContext,
  kinds: readonly SourceKind[],
): Result<{ readonly kind: SourceKind; readonly source: AcceptedSource }, InvalidInput> {
  const name = kindName(input) ?? context.previous?.settings.kind;
  const known = kinds.map(({ kind }) => `"${kind}"`).join(', ');
  if (name === undefined) return failure(invalidInput('source.kind', `must be one of ${known}`));
  const kind = findKind(kinds, name);
  if (kind === undefined) return failure(invalidInput('source.kind', `must be one of ${known}`));
  const accepted = kind.accept({ input, ...context });
  return accepted.ok ? success({ kind, source: accepted.value }) : accepted;
}

export function kindName(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('kind' in input)) return undefined;
  return typeof input.kind === 'string' ? input.kind : undefined;
}

/** What the vault must keep for this registry. */
export function currentVersions(registry: Registry): {
  readonly sourceVersion?: string;
  readonly issuedVersion?: string;
} {
  const { sourceVersion } = registry;
  const issuedVersion = registry.credential.current?.version;
  return {
    ...(sourceVersion === undefined ? {} : { sourceVersion }),
    ...(issuedVersion === undefined ? {} : { issuedVersion }),
  };
}

/** Undefined where it needs none, and where it is not there or cannot be read: then it has to be given again. */
export async function readSource(
  { id, sourceVersion }: Pick<Registry, 'id' | 'sourceVersion'>,
  vault: Pick<Vault, 'getSource'>,
): Promise<Secret | undefined> {
  if (sourceVersion === undefined) return undefined;
  try {
    return await vault.getSource(id, sourceVersion);
  } catch (error) {
    if (error instanceof UnreadableRow) return undefined;
    throw error;
  }
}
