import { describe, expect, it } from 'vitest';
import {
  readFirstAdminConfiguration,
  readRecordDecisionsConfiguration,
  readRejectConfiguration,
  readResolveConfiguration,
  readSweepVaultConfiguration,
} from '../../lib/lambda/configuration.ts';
import {
  readAdminConfiguration,
  readMintGoogleConfiguration,
  readVaultWriterConfiguration,
} from '../../lib/lambda/writer-configuration.ts';
import { VARIABLES } from './variables.ts';

describe('the configuration of a function', () => {
  it('is typed values of what the stack says', () => {
    expect(readAdminConfiguration(VARIABLES)).toEqual({
      PULLPASS_INSTALLATION: 'test',
      PULLPASS_TABLE: 'table',
      PULLPASS_SECRET_PREFIX: 'pullpass',
      PULLPASS_KMS_KEY: 'arn:aws:kms:eu-west-1:111122223333:key/1',
      PULLPASS_RECOVERY_DAYS: 7,
      PULLPASS_SECRET_REPLICAS: [{ region: 'eu-central-1', kmsKey: 'arn:2' }, { region: 'us-east-1' }],
      PULLPASS_ALLOWED_NETWORKS: ['10.0.0.0/8', 'fd12::/16'],
      PULLPASS_ECR_UPSTREAM_HOSTS: ['docker.corp.example', 'docker.corp.example:5000'],
      PULLPASS_MINT_ECR: 'mint-ecr',
      PULLPASS_MINT_GOOGLE: 'mint-google',
      PULLPASS_TRUSTED_TOKEN_URIS: [],
      PULLPASS_VERSION: '1.2.3',
    });
  });

  const readers = [
    ['resolve', readResolveConfiguration],
    ['reject', readRejectConfiguration],
    ['admin', readAdminConfiguration],
    ['refresh-ecr', readVaultWriterConfiguration],
    ['mint-google', readMintGoogleConfiguration],
    ['record-decisions', readRecordDecisionsConfiguration],
    ['sweep-vault', readSweepVaultConfiguration],
    ['first-admin', readFirstAdminConfiguration],
  ] as const;

  it.each(readers)('of %s takes what the stack sets, and nothing without it', (_name, read) => {
    const taken = read(VARIABLES);
    for (const key of Object.keys(taken)) {
      const { [key]: _left, ...rest } = VARIABLES;
      expect(() => read(rest), key).toThrow(`${key} must be set`);
    }
  });

  it.each([
    ['PULLPASS_TABLE', '', 'must not be empty'],
    ['PULLPASS_RECOVERY_DAYS', 'canary', 'must be a whole number from 7 to 30'],
    ['PULLPASS_RECOVERY_DAYS', '31', 'must be a whole number from 7 to 30'],
    ['PULLPASS_SECRET_REPLICAS', '[{"canary', 'must be a JSON list of {"region": …, "kmsKey"?: …}'],
    ['PULLPASS_SECRET_REPLICAS', '{"canary": 1}', 'must be a JSON list of {"region": …, "kmsKey"?: …}'],
    ['PULLPASS_SECRET_REPLICAS', '[{"kmsKey": "canary"}]', 'must be a JSON list of {"region": …, "kmsKey"?: …}'],
    ['PULLPASS_ECR_UPSTREAM_HOSTS', 'canary.example/team', 'must be hosts such as docker.example'],
    ['PULLPASS_ALLOWED_NETWORKS', '10.0.0.0/8,canary', 'must be networks such as 10.0.0.0/8, comma-separated'],
  ])('names %s when it is %j, and says what it must be', (key, value, rule) => {
    const read = (): unknown => readAdminConfiguration({ ...VARIABLES, [key]: value });
    expect(read).toThrow(`${key} ${rule}`);
    expect(read).not.toThrow(/canary/);
  });

  it('names everything that is wrong at once', () => {
    expect(() => readResolveConfiguration({})).toThrow(
      /PULLPASS_INSTALLATION must be set; PULLPASS_TABLE must be set; PULLPASS_SECRET_PREFIX must be set/,
    );
  });
});
