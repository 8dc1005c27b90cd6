/** Secrets Manager that throttles, fails, loses answers, and is written to by somebody else at the same time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/domain/secret.ts';
import { StoreUnavailable } from '../../../lib/stores/catalogue.ts';
import { secretsManagerVault } from '../../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import type { Vault } from '../../../lib/stores/vault.ts';
import { attach } from './secret-shelf.ts';
import {
  startSecretsManager,
  VENDOR_TEXT,
  type SecretsFault,
  type SecretsManagerServer,
} from './secrets-manager-server.ts';

const TOKEN = '0b8f1c1e-5d2a-4c5e-9a51-3f0a3c9b7d42';
const THROTTLED: SecretsFault = { kind: 'error', code: 'ThrottlingException', status: 400 };

let server: SecretsManagerServer;
let vault: Vault;

beforeEach(async () => {
  server = await startSecretsManager();
  // Two attempts, so that giving up takes no more time than a test should.
  vault = secretsManagerVault({ client: server.client({ maxAttempts: 2 }), prefix: 'pullpass', recoveryDays: 7 });
});

afterEach(async () => {
  await server.close();
});

const secret = new Secret('{"password":"canary-password"}');

const CALLS: readonly (readonly [string, string, () => Promise<unknown>])[] = [
  ['a read', 'GetSecretValue', () => vault.getIssued('a', 'v1')],
  ['a source read', 'GetSecretValue', () => vault.getSource('a', 's1')],
  ['a put', 'PutSecretValue', () => vault.putSource('a', 's2', secret)],
  ['a first put', 'CreateSecret', () => vault.putSource('b', 's1', secret)],
  ['settling', 'DescribeSecret', () => vault.settle('a', { sourceVersion: 's2' })],
  ['removing', 'DeleteSecret', () => vault.remove('a')],
  ['listing', 'ListSecrets', () => vault.registryIds()],
];

async function failureOf(call: () => Promise<unknown>): Promise<StoreUnavailable> {
  const error: unknown = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StoreUnavailable)) throw new Error(`it did not fail as an outage: ${String(error)}`);
  return error;
}

describe.each(CALLS)('%s', (_name, operation, call) => {
  beforeEach(async () => {
    await vault.putSource('a', 's1', secret);
    await vault.putSource('a', 's2', secret);
  });

  it('is tried again when it is throttled', async () => {
    server.script(operation, THROTTLED);
    await expect(call()).resolves.not.toBeInstanceOf(Error);
    expect(server.requests.filter((request) => request.operation === operation).length).toBeGreaterThan(1);
  });

  it.each([
    ['throttled all the time', THROTTLED, 'ThrottlingException'],
    ['not allowed', { kind: 'error', code: 'AccessDeniedException', status: 400 }, 'AccessDeniedException'],
    ['met by a key that is disabled', { kind: 'error', code: 'DecryptionFailure', status: 400 }, 'DecryptionFailure'],
    [
      'met by an error of the service',
      { kind: 'error', code: 'InternalServiceError', status: 500 },
      'InternalServiceError',
    ],
  ] as const)('is an outage with a code and no text when it is %s', async (_case, fault, code) => {
    server.script(operation, fault, fault, fault, fault);
    const failure = await failureOf(call);
    expect(failure.code).toBe(code);
    expect(`${failure.message} ${failure.stack ?? ''} ${JSON.stringify(failure)}`).not.toContain(VENDOR_TEXT);
    expect(failure.cause).toBeUndefined();
  });
});

it('is an outage with the code of the connection when nobody answers', async () => {
  const client = server.client({ maxAttempts: 1 });
  await server.close();
  const gone = secretsManagerVault({ client, prefix: 'pullpass', recoveryDays: 7 });
  expect((await failureOf(() => gone.getSource('a', 's1'))).code).toBe('ECONNREFUSED');
  server = await startSecretsManager();
});

describe('an answer that gets lost', () => {
  it.each(['PutSecretValue', 'CreateSecret'])('leaves what %s has written, and nothing twice', async (operation) => {
    server.script(operation, { kind: 'drop', done: true });
    await vault.putSource('a', TOKEN, secret);
    await vault.putSource('a', 's2', secret);
    expect(server.secrets.get('pullpass/a/source')?.versions.size).toBe(2);
    expect(await vault.getSource('a', TOKEN)).toBeDefined();
    expect(await vault.getSource('a', 's2')).toBeDefined();
  });

  it('does not move a label twice', async () => {
    for (const version of ['v1', 'v2']) {
      await vault.putIssued('a', { version, username: 'u', password: new Secret('p'), issuedAt: 1 });
    }
    server.script('UpdateSecretVersionStage', { kind: 'drop', done: true });
    await vault.settle('a', { issuedVersion: 'v2' });
    expect(await vault.getIssued('a', 'v1')).toBeDefined();
    expect(await vault.getIssued('a', 'v2')).toBeDefined();
  });

  it('is no error when the secret was deleted by the first try', async () => {
    await vault.putSource('a', 's1', secret);
    server.script('DeleteSecret', { kind: 'drop', done: true }, { kind: 'drop', done: true });
    await vault.remove('a');
    expect(await vault.registryIds()).toEqual([]);
  });
});

describe('somebody else at the same time', () => {
  it('may make the secret first', async () => {
    const create = (): void => {
      const SecretString = JSON.stringify({ secret: {}, version: TOKEN });
      server.serve('CreateSecret', { Name: 'pullpass/a/source', ClientRequestToken: TOKEN, SecretString });
    };
    server.script('CreateSecret', { kind: 'meanwhile', act: create });
    await vault.putSource('a', 's2', secret);
    expect(await vault.getSource('a', TOKEN)).toBeDefined();
    expect(await vault.getSource('a', 's2')).toBeDefined();
  });

  it('may make another version current while one is settled', async () => {
    await vault.putSource('a', TOKEN, secret);
    await vault.putSource('a', 's2', secret);
    await vault.putSource('a', 's3', secret);
    const act = (): void => {
      const held = server.secrets.get('pullpass/a/source');
      const [, second] = [...(held?.versions.keys() ?? [])];
      if (held !== undefined && second !== undefined) attach(held, second, 'AWSCURRENT');
    };
    server.script('UpdateSecretVersionStage', { kind: 'meanwhile', act });
    await vault.settle('a', { sourceVersion: 's3' });
    expect(await vault.getSource('a', 's3')).toBeDefined();
    expect(
      [...(server.secrets.get('pullpass/a/source')?.versions.values() ?? [])].map(({ labels }) => [...labels]),
    ).toEqual([[], ['AWSPREVIOUS'], expect.arrayContaining(['AWSCURRENT'])]);
  });
});
