/** Deletes a secret with all its versions, such that it can be brought back for some days. One call as a rule. */
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  RemoveRegionsFromReplicationCommand,
} from '@aws-sdk/client-secrets-manager';
import { setTimeout } from 'node:timers/promises';
import { StoreUnavailable } from '../catalogue.ts';
import type { ReadAccess } from './read-version.ts';
import { NOT_FOUND, NOT_NOW, outcome } from './sdk-outcome.ts';

export interface DeleteAccess extends ReadAccess {
  /** 7 to 30. */
  readonly recoveryDays: number;
}

/** Replicas go in the background. */
const TRIES = 5;
const WAIT_MS = 200;

/** No error where there is none, or where it is about to be deleted already. */
export async function deleteSecret(access: DeleteAccess, name: string): Promise<void> {
  if ((await tryDelete(access, name)) === 'done') return;
  const described = await outcome(access.client.send(new DescribeSecretCommand({ SecretId: name })), [NOT_FOUND]);
  if (!described.ok || described.value.DeletedDate !== undefined) return;
  // One with replicas is not deleted. Which there are is asked, since it may have got them under other settings.
  const regions = (described.value.ReplicationStatus ?? []).flatMap(({ Region }) => Region ?? []);
  if (regions.length === 0) throw new StoreUnavailable(NOT_NOW);
  const command = new RemoveRegionsFromReplicationCommand({ SecretId: name, RemoveReplicaRegions: regions });
  await outcome(access.client.send(command), [NOT_FOUND]);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    if ((await tryDelete(access, name)) === 'done') return;
    await setTimeout(WAIT_MS * attempt);
  }
  throw new StoreUnavailable(NOT_NOW);
}

async function tryDelete({ client, recoveryDays }: DeleteAccess, name: string): Promise<'done' | 'refused'> {
  const command = new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: recoveryDays });
  const deleted = await outcome(client.send(command), [NOT_FOUND, NOT_NOW]);
  return deleted.ok || deleted.failure === NOT_FOUND ? 'done' : 'refused';
}
