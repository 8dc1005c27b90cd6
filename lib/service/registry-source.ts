/** Finds the source kind that a document names and has it checked. */
import type { CanonicalAddress } from '../domain/address.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import type { Registry, SourceSettings } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import { findKind } from '../sources/find-kind.ts';
import type { AcceptedSource, SourceKind } from '../sources/source-kind.ts';

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
