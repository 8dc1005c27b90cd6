/** What others see of the vault's secrets: ECS, an operator, a replica's region. */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Credential } from '../../../lib/domain/credential.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { secretsManagerIssued } from '../../../lib/stores/secrets-manager/issued-credentials.ts';
import { secretsManagerVault } from '../../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import { PATIENT } from '../../../lib/lambda/clients.ts';
import { START } from '../../support/registry-fixture.ts';
import { available } from '../support/machine.ts';
import { startMiniStack, type MiniStack } from '../support/ministack.ts';

const REPLICA = 'eu-central-1';
const SecretId = 'pullpass/a/issued';

describe.runIf(available('ministack'))('secrets of the vault', () => {
  let stack: MiniStack;
  let client: SecretsManagerClient;
  beforeAll(async () => {
    stack = await startMiniStack();
  });
  afterAll(async () => {
    await stack.end();
  });
  beforeEach(async () => {
    await stack.reset();
    client = new SecretsManagerClient({
      ...stack.client,
      retryMode: PATIENT.retryMode,
      maxAttempts: PATIENT.maxAttempts,
    });
  });
  afterEach(() => {
    client.destroy();
  });

  function issued(version: string): Credential {
    return { version, username: 'AWS', password: new Secret(`password of ${version}`), issuedAt: START };
  }
  function open(fields: { readonly replicas?: { readonly region: string }[] } = {}) {
    return secretsManagerVault({ client, prefix: 'pullpass', recoveryDays: 7, ...fields });
  }

  it('give a reader without a version, as ECS is one, the credential that was settled last', async () => {
    const vault = open();
    for (const version of ['v1', 'v2']) {
      await vault.putIssued('a', issued(version));
      await vault.settle('a', { issuedVersion: version });
    }
    await vault.putIssued('a', issued('v3'));
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
    expect(JSON.parse(SecretString)).toMatchObject({ username: 'AWS', password: 'password of v2' });
  });

  it('have one label a place however often is put without settling', async () => {
    const vault = open();
    for (const version of ['v1', 'v2', 'v3', 'v4']) await vault.putIssued('a', issued(version));
    const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
    expect(Versions.flatMap(({ VersionStages = [] }) => VersionStages).toSorted()).toEqual([
      'AWSCURRENT',
      'AWSPENDING',
    ]);
  });

  it('are removed for as many days as they may be brought back', async () => {
    const vault = open();
    await vault.putIssued('a', issued('v1'));
    await vault.remove('a');
    const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId }));
    expect(DeletedDate).toBeInstanceOf(Date);
    await vault.putIssued('a', issued('v2'));
    expect((await vault.getIssued('a', 'v2'))?.password.reveal()).toBe('password of v2');
  });

  it('are read in the region of a replica', async () => {
    const vault = open({ replicas: [{ region: REPLICA }] });
    for (const version of ['v1', 'v2']) await vault.putIssued('a', issued(version));
    await vault.settle('a', { issuedVersion: 'v2' });
    const there = new SecretsManagerClient({ ...stack.client, region: REPLICA });
    const reader = secretsManagerIssued({ client: there, prefix: 'pullpass' });
    expect((await reader.getIssued('a', 'v2'))?.password.reveal()).toBe('password of v2');
    there.destroy();
  });
});
