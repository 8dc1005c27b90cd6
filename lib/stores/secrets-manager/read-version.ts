/** Reads one version of one secret. Nothing here writes: the resolving function's bundle ends here. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { READABLE, secretName, versionToken, type SecretKind } from './secret-names.ts';
import { NOT_FOUND, NOT_NOW, outcome } from './sdk-outcome.ts';

export interface ReadAccess {
  readonly client: SecretsManagerClient;
  /** Names are `<prefix>/<registry id>/source` and `…/issued`. */
  readonly prefix: string;
}

export interface VersionPlace {
  readonly registryId: string;
  readonly kind: SecretKind;
  readonly version: string;
}

/** Undefined where there is no such secret or version, where the version is forgotten, or the secret about to be deleted. */
export async function readVersion(
  { client, prefix }: ReadAccess,
  { registryId, kind, version }: VersionPlace,
): Promise<string | undefined> {
  const command = new GetSecretValueCommand({
    SecretId: secretName(prefix, registryId, kind),
    VersionId: versionToken(version),
  });
  const read = await outcome(client.send(command), [NOT_FOUND, NOT_NOW]);
  if (!read.ok) return undefined;
  const { SecretString: text, VersionStages: labels = [] } = read.value;
  return labels.some((label) => READABLE.includes(label)) ? text : undefined;
}
