/** What crosses the wire: how many calls, and what is in them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credential } from '../../../lib/domain/credential.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { secretsManagerIssued } from '../../../lib/stores/secrets-manager/issued-credentials.ts';
import { versionToken } from '../../../lib/stores/secrets-manager/secret-names.ts';
import { secretsManagerVault } from '../../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import type { Vault } from '../../../lib/stores/vault.ts';
import { HOUR, START } from '../../support/registry-fixture.ts';
import { startSecretsManager, type SecretsManagerServer } from './secrets-manager-server.ts';

const UUID = '0b8f1c1e-5d2a-4c5e-9a51-3f0a3c9b7d42';

let server: SecretsManagerServer;
let vault: Vault;

beforeEach(async () => {
  server = await startSecretsManager();
  vault = secretsManagerVault({
    client: server.client(),
    prefix: 'pullpass',
    kmsKey: 'alias/pullpass',
    recoveryDays: 30,
  });
});

afterEach(async () => {
  await server.close();
});

function issued(version: string): Credential {
  const password = new Secret(`canary of ${version}`);
  return { version, username: 'AWS', password, issuedAt: START, expiresAt: START + 12 * HOUR };
}

function labels(name: string): Record<string, readonly string[]> {
  const versions = [...(server.secrets.get(name)?.versions ?? [])];
  return Object.fromEntries(versions.map(([id, version]) => [id.slice(0, 8), [...version.labels].toSorted()]));
}

describe('the number of calls', () => {
  it('is two for a first put, and one for another', async () => {
    await vault.putIssued('a', issued('v1'));
    expect(server.asked()).toEqual(['PutSecretValue', 'CreateSecret']);
    await vault.putIssued('a', issued('v2'));
    expect(server.asked()).toEqual(['PutSecretValue']);
    await vault.putIssued('a', issued('v2'));
    expect(server.asked()).toEqual(['PutSecretValue']);
    await vault.putSource('a', 's1', new Secret('{}'));
    expect(server.asked()).toEqual(['PutSecretValue', 'CreateSecret']);
  });

  it('is one for a read', async () => {
    await vault.putIssued('a', issued('v1'));
    server.asked();
    await vault.getIssued('a', 'v1');
    expect(server.asked()).toEqual(['GetSecretValue']);
    await vault.getSource('a', 's1');
    expect(server.asked()).toEqual(['GetSecretValue']);
  });

  it('is one that reads and one that writes to settle a kind, and none that writes where it is settled', async () => {
    await vault.putIssued('a', issued('v1'));
    server.asked();
    await vault.settle('a', { issuedVersion: 'v1' });
    expect(server.asked()).toEqual(['DescribeSecret']);
    await vault.putIssued('a', issued('v2'));
    server.asked();
    await vault.settle('a', { issuedVersion: 'v2' });
    expect(server.asked()).toEqual(['DescribeSecret', 'UpdateSecretVersionStage']);
    await vault.settle('a', { issuedVersion: 'v2' });
    expect(server.asked()).toEqual(['DescribeSecret']);
    await vault.settle('a', {});
    expect(server.asked()).toEqual([]);
  });

  it('is one for each of the two secrets to remove them', async () => {
    await vault.putIssued('a', issued('v1'));
    server.asked();
    await vault.remove('a');
    expect(server.asked()).toEqual(['DeleteSecret', 'DeleteSecret']);
  });

  it('is one for each hundred secrets to list registries', async () => {
    for (let index = 0; index < 101; index += 1)
      await vault.putIssued(`r${String(index).padStart(3, '0')}`, issued('v1'));
    server.asked();
    const ids = await vault.registryIds();
    expect([ids.length, ids[0], ids[100]]).toEqual([101, 'r000', 'r100']);
    expect(server.asked()).toEqual(['ListSecrets', 'ListSecrets']);
  });
});

describe('a secret', () => {
  it('has what ECS reads, and what it takes to know which version it is', async () => {
    await vault.putIssued('a', issued(UUID));
    await vault.putSource('a', 's1', new Secret('{"password":"a \\"quoted\\" one"}'));
    expect(JSON.parse(server.secrets.get('pullpass/a/issued')?.versions.get(UUID)?.value ?? '')).toStrictEqual({
      ...{ username: 'AWS', password: `canary of ${UUID}`, version: UUID },
      ...{ issuedAt: START, expiresAt: START + 12 * HOUR },
    });
    const [source] = [...(server.secrets.get('pullpass/a/source')?.versions.values() ?? [])];
    expect(JSON.parse(source?.value ?? '')).toStrictEqual({ secret: { password: 'a "quoted" one' }, version: 's1' });
  });

  it('is encrypted with the given key, and says of itself nothing but which registry it is for', async () => {
    await vault.putIssued('registry-1', issued('v1'));
    await vault.putSource('registry-1', 's1', new Secret('{"password":"canary"}'));
    for (const kind of ['issued', 'source']) {
      const secret = server.secrets.get(`pullpass/registry-1/${kind}`);
      expect(secret?.kmsKey).toBe('alias/pullpass');
      expect(secret?.tags).toEqual([{ Key: 'pullpass:registry-id', Value: 'registry-1' }]);
      expect(secret?.description).toMatch(/^Pullpass: /);
      expect(secret?.description).not.toContain('canary');
    }
  });

  it('calls a version by its UUID, and any other by its digest', async () => {
    await vault.putIssued('a', issued(UUID));
    await vault.putIssued('a', issued(UUID.toUpperCase()));
    await vault.putIssued('a', issued('v3'));
    const ids = [...(server.secrets.get('pullpass/a/issued')?.versions.keys() ?? [])];
    expect(ids).toEqual([UUID, expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(new Set(ids).size).toBe(3);
  });

  it('keeps the labels of what is put again after later ones', async () => {
    await vault.putIssued('a', issued(UUID));
    await vault.putIssued('a', issued('v2'));
    const before = labels('pullpass/a/issued');
    await vault.putIssued('a', issued(UUID));
    expect(labels('pullpass/a/issued')).toEqual(before);
    expect((await vault.getIssued('a', 'v2'))?.version).toBe('v2');
  });

  it('is not taken for stored where later versions took its label: nobody could read it', async () => {
    for (const version of ['v1', 'v2', 'v3']) await vault.putIssued('a', issued(version));
    await expect(vault.putIssued('a', issued('v2'))).rejects.toMatchObject({ code: 'version_superseded' });
    expect(await vault.getIssued('a', 'v3')).toBeDefined();
  });

  it('is not overwritten by another one of the same version', async () => {
    await vault.putIssued('a', issued('v1'));
    const other = { ...issued('v1'), password: new Secret('another') };
    await expect(vault.putIssued('a', other)).rejects.toMatchObject({ code: 'ResourceExistsException' });
  });

  it('is made current again by settling when it lost its label to one that was put later', async () => {
    for (const version of ['v1', 'v2', 'v3']) await vault.putIssued('a', issued(version));
    expect(await vault.getIssued('a', 'v2')).toBeUndefined();
    await vault.settle('a', { issuedVersion: 'v2' });
    expect(await vault.getIssued('a', 'v2')).toBeDefined();
    expect(await vault.getIssued('a', 'v1')).toBeDefined();
    expect(await vault.getIssued('a', 'v3')).toBeDefined();
  });

  it('of a source is not taken back by a late settling once another has replaced it', async () => {
    await vault.putSource('a', 's1', new Secret('{}'));
    await vault.putSource('a', 's2', new Secret('{}'));
    await vault.settle('a', { sourceVersion: 's2' });
    await vault.settle('a', { sourceVersion: 's1' });
    expect(server.secrets.get('pullpass/a/source')?.versions.get(versionToken('s2'))?.labels).toContain('AWSCURRENT');
  });
});

describe('reading', () => {
  it('answers nothing where another version stands than the one asked for', async () => {
    await vault.putIssued('a', issued(UUID));
    await vault.putSource('a', UUID, new Secret('{}'));
    for (const kind of ['issued', 'source']) {
      const versions = server.secrets.get(`pullpass/a/${kind}`)?.versions;
      const held = versions?.get(UUID);
      if (held !== undefined) versions?.set(UUID, { ...held, value: held.value.replaceAll(UUID, 'other') });
    }
    expect(await vault.getIssued('a', UUID)).toBeUndefined();
    expect(await vault.getSource('a', UUID)).toBeUndefined();
  });

  it.each(['', 'no JSON', '[]', '{"username":"AWS","version":"v1"}'])(
    'counts as an outage where somebody wrote %j',
    async (value) => {
      await vault.putIssued('a', issued(UUID));
      const versions = server.secrets.get('pullpass/a/issued')?.versions;
      versions?.set(UUID, { value, labels: new Set(['AWSCURRENT']) });
      await expect(vault.getIssued('a', UUID)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    },
  );

  it('of issued credentials needs no more than its own access', async () => {
    await vault.putIssued('a', issued('v1'));
    const reader = secretsManagerIssued({ client: server.client(), prefix: 'pullpass' });
    expect((await reader.getIssued('a', 'v1'))?.password.reveal()).toBe('canary of v1');
    expect(
      await secretsManagerIssued({ client: server.client(), prefix: 'other' }).getIssued('a', 'v1'),
    ).toBeUndefined();
  });
});
