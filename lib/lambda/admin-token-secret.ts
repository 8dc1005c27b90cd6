/** Where the first administrator's token is kept: a secret of its own, outside the vault, made by the stack. Only written. */
import { PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { answered } from '../stores/sdk-answer.ts';
import type { FirstAdminDeps } from './first-admin.ts';

export function adminTokenSecret(client: SecretsManagerClient, secretId: string): FirstAdminDeps['keepToken'] {
  return async (token) => {
    await answered(client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: token.reveal() })));
  };
}
