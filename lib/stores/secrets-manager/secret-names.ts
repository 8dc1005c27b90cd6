/** How Secrets Manager's secrets are called, and what a version of ours is called in there. */
import { createHash } from 'node:crypto';

/** `source`: what a kind needs to mint. `issued`: what hosts are given. */
export type SecretKind = 'source' | 'issued';

const KINDS: readonly SecretKind[] = ['source', 'issued'];

/** Staging labels. A version without any is forgotten: readable still in AWS, and not here. */
export const CURRENT = 'AWSCURRENT';
export const PENDING = 'AWSPENDING';
export const PREVIOUS = 'AWSPREVIOUS';

/** A version with one of these is here. The one before is asked for by a catalogue that was copied before the vault was. */
export const READABLE: readonly string[] = [CURRENT, PENDING, PREVIOUS];

/** Tags. */
export const REGISTRY_TAG = 'pullpass:registry-id';
export const INSTALLATION_TAG = 'pullpass:installation-id';
/** RFC 3339. */
export const ORPHAN_TAG = 'pullpass:orphan-since';

export function secretName(prefix: string, registryId: string, kind: SecretKind): string {
  return `${prefix}/${registryId}/${kind}`;
}

/** The registry that a secret of ours belongs to; undefined for any other secret, those of a longer prefix included. */
export function registryIdOf(prefix: string, name: string): string | undefined {
  if (!name.startsWith(`${prefix}/`)) return undefined;
  const [registryId, kind, ...rest] = name.slice(prefix.length + 1).split('/');
  return registryId !== '' && rest.length === 0 && KINDS.some((known) => known === kind) ? registryId : undefined;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A `ClientRequestToken`, which becomes the `VersionId`: 32 to 64 characters. */
export function versionToken(version: string): string {
  return UUID.test(version) ? version : createHash('sha256').update(version).digest('hex');
}
