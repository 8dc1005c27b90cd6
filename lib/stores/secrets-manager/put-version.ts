/**
 * Writes a version beside the current one: one call where the secret is there, two where it is not. Not its job: making it
 * the current one.
 */
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  type ReplicaRegionType,
} from '@aws-sdk/client-secrets-manager';
import { StoreUnavailable } from '../catalogue.ts';
import type { VersionPlace, ReadAccess } from './read-version.ts';
import { INSTALLATION_TAG, PENDING, READABLE, REGISTRY_TAG, secretName, versionToken } from './secret-names.ts';
import { EXISTS, NOT_FOUND, NOT_NOW, outcome } from './sdk-outcome.ts';

export interface ReplicaRegion {
  readonly region: string;
  /** In that region. Left out: the region's own key for Secrets Manager. */
  readonly kmsKey?: string;
}

export interface WriteAccess extends ReadAccess {
  /** Left out: the account's own key for Secrets Manager. */
  readonly kmsKey?: string;
  readonly replicas?: readonly ReplicaRegion[];
  /** Of the catalogue that its registries are in: noted on every new secret. */
  readonly installationId?: () => Promise<string | undefined>;
}

/** The second finds what somebody else made, or what was restored, between two calls of the first. */
const ROUNDS = 3;

const DESCRIPTIONS = {
  source: 'Pullpass: what a registry source needs to issue credentials',
  issued: 'Pullpass: pull credential of a registry, refreshed by Pullpass',
} as const;

export async function putVersion(access: WriteAccess, place: VersionPlace, value: string): Promise<void> {
  let code: string = NOT_FOUND;
  for (let round = 0; round < ROUNDS; round += 1) {
    const put = await putBeside(access, place, value);
    if (put.ok) {
      // A version that is put again is left as it is. Where later ones took its label nobody could read it.
      const labels = put.value.VersionStages;
      if (labels === undefined || labels.some((label) => READABLE.includes(label))) return;
      throw new StoreUnavailable('version_superseded');
    }
    code = put.failure;
    if (code === NOT_NOW) await restore(access, place);
    else if (await create(access, place, value)) return;
  }
  throw new StoreUnavailable(code);
}

function putBeside({ client, prefix }: WriteAccess, { registryId, kind, version }: VersionPlace, value: string) {
  const command = new PutSecretValueCommand({
    SecretId: secretName(prefix, registryId, kind),
    ClientRequestToken: versionToken(version),
    SecretString: value,
    VersionStages: [PENDING],
  });
  return outcome(client.send(command), [NOT_FOUND, NOT_NOW]);
}

/** Its first version is the current one at once. False: somebody else was faster. */
async function create(access: WriteAccess, place: VersionPlace, value: string): Promise<boolean> {
  const { registryId, kind, version } = place;
  const replicas = replicaRegions(access);
  const installationId = await access.installationId?.();
  const command = new CreateSecretCommand({
    Name: secretName(access.prefix, registryId, kind),
    ClientRequestToken: versionToken(version),
    SecretString: value,
    Description: DESCRIPTIONS[kind],
    Tags: [
      { Key: REGISTRY_TAG, Value: registryId },
      ...(installationId === undefined ? [] : [{ Key: INSTALLATION_TAG, Value: installationId }]),
    ],
    ...(access.kmsKey === undefined ? {} : { KmsKeyId: access.kmsKey }),
    ...(replicas.length === 0 ? {} : { AddReplicaRegions: replicas }),
  });
  const created = await outcome(access.client.send(command), [EXISTS, NOT_NOW]);
  return created.ok;
}

/** A registry may need a secret again that it had no use for, within the days that a deleted one can be brought back. */
async function restore(access: WriteAccess, { registryId, kind }: VersionPlace): Promise<void> {
  const SecretId = secretName(access.prefix, registryId, kind);
  const restored = await outcome(access.client.send(new RestoreSecretCommand({ SecretId })), [NOT_FOUND, NOT_NOW]);
  const replicas = replicaRegions(access);
  if (!restored.ok || replicas.length === 0) return;
  // They went when it was deleted.
  const command = new ReplicateSecretToRegionsCommand({
    SecretId,
    AddReplicaRegions: replicas,
    ForceOverwriteReplicaSecret: true,
  });
  await outcome(access.client.send(command), []);
}

function replicaRegions({ replicas = [] }: WriteAccess): ReplicaRegionType[] {
  return replicas.map(({ region, kmsKey }) => ({
    Region: region,
    ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }),
  }));
}
