/** Secrets that are about to be deleted, brought back, or replicated. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/domain/secret.ts';
import { secretsManagerVault } from '../../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import { startSecretsManager, type SecretsManagerServer } from './secrets-manager-server.ts';

const REPLICAS = [{ region: 'eu-central-1', kmsKey: 'alias/replica' }, { region: 'us-east-1' }];

let server: SecretsManagerServer;

beforeEach(async () => {
  server = await startSecretsManager();
});

afterEach(async () => {
  await server.close();
});

function vaultWith(fields: { readonly replicas?: typeof REPLICAS; readonly prefix?: string } = {}) {
  return secretsManagerVault({ client: server.client(), prefix: 'pullpass', recoveryDays: 14, ...fields });
}

describe('a removed registry', () => {
  it('can be brought back for the given days, and is not listed any more', async () => {
    const vault = vaultWith();
    await vault.putSource('a', 's1', new Secret('{}'));
    await vault.remove('a');
    expect(server.secrets.get('pullpass/a/source')?.recoveryDays).toBe(14);
    expect(await vault.registryIds()).toEqual([]);
    expect(await vault.getSource('a', 's1')).toBeUndefined();
    await expect(vault.settle('a', { sourceVersion: 's1' })).resolves.toBeUndefined();
    await expect(vault.prune('a', { sourceVersion: 's1' })).resolves.toBeUndefined();
    await expect(vault.remove('a')).resolves.toBeUndefined();
  });

  it('takes its replicas along, those that the settings do not name any more, too', async () => {
    await vaultWith({ replicas: REPLICAS }).putSource('a', 's1', new Secret('{}'));
    expect(server.secrets.get('pullpass/a/source')?.replicas).toEqual(['eu-central-1', 'us-east-1']);
    await vaultWith().remove('a');
    const secret = server.secrets.get('pullpass/a/source');
    expect([secret?.replicas, secret?.recoveryDays]).toEqual([[], 14]);
  });

  it('waits for replicas that take their time to go', async () => {
    await vaultWith({ replicas: REPLICAS }).putSource('a', 's1', new Secret('{}'));
    const notYet = { kind: 'error', code: 'InvalidRequestException', status: 400 } as const;
    server.script('DeleteSecret', notYet, notYet, notYet, notYet);
    await vaultWith().remove('a');
    expect(server.secrets.get('pullpass/a/source')?.recoveryDays).toBe(14);
  });

  it('is an outage where it cannot be deleted for another reason', async () => {
    await vaultWith().putSource('a', 's1', new Secret('{}'));
    const refusal = { kind: 'error', code: 'InvalidRequestException', status: 400 } as const;
    server.script('DeleteSecret', refusal, refusal);
    await expect(vaultWith().remove('a')).rejects.toMatchObject({ code: 'InvalidRequestException' });
  });
});

describe('a secret that is needed again within the days that it can be brought back', () => {
  it('is brought back, and what is put is readable', async () => {
    const vault = vaultWith();
    await vault.putSource('a', 's1', new Secret('{"old":1}'));
    await vault.prune('a', {});
    server.asked();
    await vault.putSource('a', 's2', new Secret('{"new":1}'));
    expect(server.asked()).toEqual(['PutSecretValue', 'RestoreSecret', 'PutSecretValue']);
    await vault.settle('a', { sourceVersion: 's2' });
    expect((await vault.getSource('a', 's2'))?.reveal()).toBe('{"new":1}');
    expect(await vault.registryIds()).toEqual(['a']);
  });

  it('gets its replicas back', async () => {
    const vault = vaultWith({ replicas: REPLICAS });
    await vault.putSource('a', 's1', new Secret('{}'));
    await vault.prune('a', {});
    await vault.putSource('a', 's2', new Secret('{}'));
    expect(server.secrets.get('pullpass/a/source')?.replicas).toEqual(['eu-central-1', 'us-east-1']);
  });
});

describe('the list of registries', () => {
  it('has none of other installations, and nothing that is no registry', async () => {
    const token = '0'.repeat(32);
    for (const Name of [
      'pullpass/admin-token',
      'pullpass/prod/x/issued',
      'pullpass//issued',
      'pullpassword/y/issued',
    ]) {
      server.serve('CreateSecret', { Name, ClientRequestToken: token, SecretString: 'x' });
    }
    await vaultWith().putSource('b', 's1', new Secret('{}'));
    expect(await vaultWith().registryIds()).toEqual(['b']);
    expect(await vaultWith({ prefix: 'pullpass/prod' }).registryIds()).toEqual(['x']);
  });
});
