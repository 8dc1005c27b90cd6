import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { ecrSource } from '../../lib/sources/ecr.ts';
import { accept, accepted, address, expectNothingShown, INSTALLATION, refusal } from './source-calls.ts';

const source = ecrSource();
const at = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const china = '111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn';
const other = 'registry.example.com:5000/mirror';
const roleArn = 'arn:aws:iam::444455556666:role/teams/pull-images';
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const secretAccessKey = 'canary/secret+access=key';
const keys = { accessKeyId, secretAccessKey };

describe('accepting an ECR source', () => {
  it('needs nothing but an ECR address', () => {
    const kept = accepted(source, { at, input: { kind: 'ecr' } });
    expect(kept).toEqual({ settings: { kind: 'ecr' } });
  });

  it.each([at, china, 'public.ecr.aws', `${at}/team`, '111122223333.dkr-ecr-fips.us-gov-west-1.on.aws'])(
    'takes %s',
    (host) => {
      expect(accept(source, { at: host, input: { kind: 'ecr' } }).ok).toBe(true);
    },
  );

  it('makes an external id of its own for every role and registry, and shows it', () => {
    const digest = createHash('sha256').update(`${INSTALLATION}|${roleArn}|${at}`).digest('hex');
    const { settings } = accepted(source, { at, input: { kind: 'ecr', roleArn } });
    expect(settings).toEqual({ kind: 'ecr', roleArn, externalId: `pullpass-${digest.slice(0, 32)}` });
    const elsewhere = accepted(source, { at: `${at}/team`, input: { kind: 'ecr', roleArn } }).settings;
    expect(elsewhere['externalId']).not.toBe(settings['externalId']);
  });

  it('keeps an access key in two places: its id in the settings, its secret in the vault', () => {
    const kept = accepted(source, { at, input: { kind: 'ecr', ...keys } });
    expect(kept.settings).toMatchObject({ kind: 'ecr', accessKeyId });
    expect(kept.settings['accessKeyFingerprint']).toMatch(/^[0-9a-f]{16}$/);
    expect(kept.secret?.reveal()).toBe(JSON.stringify({ secretAccessKey }));
    expectNothingShown(kept, [secretAccessKey]);
  });

  it.each([
    ['an unknown field', { rolArn: roleArn }, 'source.rolArn'],
    ['an external id of the caller', { roleArn, externalId: 'mine' }, 'source.externalId'],
    ['an upstream beside an ECR address', { upstream: at }, 'source.upstream'],
    ['a role that is a user', { roleArn: 'arn:aws:iam::444455556666:user/x' }, 'source.roleArn'],
    ['a role without account', { roleArn: 'arn:aws:iam:::role/x' }, 'source.roleArn'],
    ['a role with more behind it', { roleArn: `${roleArn}\n` }, 'source.roleArn'],
    ['a role with an empty path part', { roleArn: 'arn:aws:iam::444455556666:role//x' }, 'source.roleArn'],
    ['a role with a wildcard', { roleArn: 'arn:aws:iam::444455556666:role/*' }, 'source.roleArn'],
    ['a role of another partition', { roleArn: roleArn.replace('aws', 'aws-cn') }, 'source.roleArn'],
    ['an empty role', { roleArn: '' }, 'source.roleArn'],
    ['repositories without a role', { repositories: ['team/app'] }, 'source.repositories'],
    ['an empty list of repositories', { roleArn, repositories: [] }, 'source.repositories'],
    ['a repository with a tag', { roleArn, repositories: ['ok', 'team/app:1'] }, 'source.repositories[1]'],
    ['a repository with a host', { roleArn, repositories: [`${at}/team/app`] }, 'source.repositories[0]'],
    ['a repository in upper case', { roleArn, repositories: ['Team'] }, 'source.repositories[0]'],
    [
      'a repository that breaks out of the ARN',
      { roleArn, repositories: ['x","arn:aws:s3:::*'] },
      'source.repositories[0]',
    ],
    ['a repository with a policy variable', { roleArn, repositories: ['${aws:username}'] }, 'source.repositories[0]'],
    [
      'repositories that are too many',
      { roleArn, repositories: Array(40).fill('team/a-rather-long-name') },
      'source.repositories',
    ],
    ['an access key without its secret', { accessKeyId }, 'source.secretAccessKey'],
    ['a secret without its access key', { secretAccessKey }, 'source.accessKeyId'],
    ['an access key that is none', { ...keys, accessKeyId: 'AKIA' }, 'source.accessKeyId'],
    ['a temporary access key', { ...keys, accessKeyId: 'ASIAIOSFODNN7EXAMPLE' }, 'source.accessKeyId'],
    ['a secret with a line break', { accessKeyId, secretAccessKey: `${secretAccessKey}\n` }, 'source.secretAccessKey'],
    ['an empty secret', { accessKeyId, secretAccessKey: '' }, 'source.secretAccessKey'],
  ])('refuses %s', (_name, fields, field) => {
    const refused = refusal(source, { at, input: { kind: 'ecr', ...fields } });
    expect(refused.field).toBe(field);
    expectNothingShown(refused, [secretAccessKey]);
  });

  it.each([
    ['an address that is no ECR host, without upstream', other, {}, 'source.upstream'],
    ['an upstream that looks like ECR', other, { upstream: `${at}.evil.example` }, 'source.upstream'],
    ['an upstream with a path', other, { upstream: `${at}/team` }, 'source.upstream'],
    ['an upstream with a port', other, { upstream: `${at}:443` }, 'source.upstream'],
    ['an upstream of mismatched region and suffix', other, { upstream: china.replace('.cn', '') }, 'source.upstream'],
    ['a role of the wrong partition for the upstream', other, { upstream: china, roleArn }, 'source.roleArn'],
    [
      'a role of the wrong partition for ECR Public',
      'public.ecr.aws',
      { roleArn: roleArn.replace('aws', 'aws-us-gov') },
      'source.roleArn',
    ],
    ['repositories on ECR Public', 'public.ecr.aws', { roleArn, repositories: ['x'] }, 'source.repositories'],
  ])('refuses %s', (_name, host, fields, field) => {
    expect(refusal(source, { at: host, input: { kind: 'ecr', ...fields } }).field).toBe(field);
  });

  it('takes an upstream behind another name', () => {
    const kept = accepted(source, { at: other, input: { kind: 'ecr', upstream: at, roleArn } });
    expect(kept.settings).toMatchObject({ upstream: at, roleArn });
  });
});

describe('editing an ECR source', () => {
  const withKey = accepted(source, { at: other, input: { kind: 'ecr', upstream: at, ...keys } });
  const withRole = accepted(source, { at, input: { kind: 'ecr', roleArn, repositories: ['team/*'] } });

  it('keeps what is left out', () => {
    expect(accepted(source, { at: other, input: { kind: 'ecr' }, previous: withKey })).toEqual(withKey);
    expect(accepted(source, { at, input: {}, previous: withRole })).toEqual(withRole);
  });

  it('takes away what is null, and with a role its repositories and external id', () => {
    expect(accepted(source, { at, input: { repositories: null }, previous: withRole }).settings).toEqual({
      kind: 'ecr',
      roleArn,
      externalId: withRole.settings['externalId'],
    });
    expect(accepted(source, { at, input: { roleArn: null }, previous: withRole })).toEqual({
      settings: { kind: 'ecr' },
    });
  });

  it('forgets the secret with the access key', () => {
    const kept = accepted(source, { at: other, input: { accessKeyId: null }, previous: withKey });
    expect(kept).toEqual({ settings: { kind: 'ecr', upstream: at } });
  });

  it.each([
    ['another access key', { accessKeyId: 'AKIAI44QH8DHBEXAMPLE' }],
    ['a role', { roleArn }],
    ['another upstream', { upstream: '999988887777.dkr.ecr.us-east-1.amazonaws.com' }],
  ])('wants the stored secret again for %s', (_name, fields) => {
    expect(refusal(source, { at: other, input: fields, previous: withKey }).field).toBe('source.secretAccessKey');
    expect(accept(source, { at: other, input: { ...fields, secretAccessKey }, previous: withKey }).ok).toBe(true);
  });

  it('wants the secret again when repositories are taken away, for then the session may do more than pull', () => {
    const input = { kind: 'ecr', roleArn, repositories: ['team/*'], ...keys };
    const previous = accepted(source, { at, input });
    expect(refusal(source, { at, input: { repositories: null }, previous }).field).toBe('source.secretAccessKey');
    expect(accept(source, { at, input: { repositories: null, secretAccessKey }, previous }).ok).toBe(true);
    expect(accept(source, { at, input: { repositories: ['team/*', 'other'] }, previous }).ok).toBe(true);
  });

  it('wants the secret where the stored one may not be used', () => {
    const { settings } = withKey;
    const refused = refusal(source, { at: other, input: { kind: 'ecr' }, previous: { settings } });
    expect(refused.field).toBe('source.secretAccessKey');
  });

  it('starts anew when the source was of another kind', () => {
    const previous = { settings: { kind: 'static', username: 'x' }, secret: new Secret('{"password":"canary"}') };
    expect(accepted(source, { at, input: { kind: 'ecr' }, previous })).toEqual({ settings: { kind: 'ecr' } });
  });
});

describe('sharing an ECR login', () => {
  const keyOf = (host: string, fields: Record<string, unknown> = {}): string | undefined =>
    source.sharingKey({
      address: address(host),
      settings: accepted(source, { at: host, input: { kind: 'ecr', ...fields } }).settings,
    });

  it('goes across accounts, paths and names within one region', () => {
    const shared = keyOf(at);
    expect(shared).toBeDefined();
    expect(keyOf(`${at}/team`)).toBe(shared);
    expect(keyOf(at.replace('111122223333', '999988887777'))).toBe(shared);
    expect(keyOf(other, { upstream: at })).toBe(shared);
  });

  it.each([
    ['another region', at.replace('eu-west-1', 'us-east-1'), {}],
    ['another partition', china, {}],
    ['ECR Public', 'public.ecr.aws', {}],
    ['a role', at, { roleArn }],
  ])('does not go to %s', (_name, host, fields) => {
    expect(keyOf(host, fields)).not.toBe(keyOf(at));
  });

  it('does not mix up ECR Public with the region that its tokens come from', () => {
    expect(keyOf('public.ecr.aws')).not.toBe(keyOf(at.replace('eu-west-1', 'us-east-1')));
  });

  it('goes to the same role with the same narrowing only', () => {
    expect(keyOf(at, { roleArn })).toBe(keyOf(at, { roleArn }));
    expect(keyOf(at, { roleArn, repositories: ['a'] })).not.toBe(keyOf(at, { roleArn }));
    expect(keyOf(at, { roleArn, repositories: ['a'] })).not.toBe(keyOf(at, { roleArn, repositories: ['b'] }));
  });

  it('is by access key, its secret included: one of two with that id may be mistyped', () => {
    const shared = keyOf(at, keys);
    expect(shared).not.toBe(keyOf(at));
    expect(keyOf(at.replace('111122223333', '999988887777'), keys)).toBe(shared);
    const mistyped = { ...keys, secretAccessKey: `${secretAccessKey.slice(0, -1)}?` };
    expect(keyOf(at, mistyped)).not.toBe(shared);
    expect(shared).not.toContain(secretAccessKey);
  });
});
