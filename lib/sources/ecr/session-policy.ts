/**
 * What Pullpass asks of a role: which one, with which external id, under which session name, and narrowed to what. Text
 * in, text out; assuming it is sts-session.ts.
 */
import { createHash } from 'node:crypto';
import type { PrivateEcrHost } from '../../domain/ecr-host.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: a path of 512 and a name of 64 characters. */
const ROLE_ARN =
  /^arn:(?<partition>aws(?:-[a-z]+)*):iam::(?<account>\d{12}):role\/(?:[A-Za-z0-9_+=,.@-]+\/)*[A-Za-z0-9_+=,.@-]{1,64}$/;
const ROLE_ARN_LIMIT = 600;

export interface RoleArn {
  readonly text: string;
  readonly partition: string;
  readonly account: string;
}

export function parseRoleArn(text: string): RoleArn | undefined {
  const groups = text.length > ROLE_ARN_LIMIT ? undefined : ROLE_ARN.exec(text)?.groups;
  const { partition, account } = groups ?? {};
  return partition === undefined || account === undefined ? undefined : { text, partition, account };
}

/**
 * The external id is ours, one for each role and address: whoever may add a registry can't borrow a role that trusts Pullpass
 * for another address. Registries with the same role and address share it. It is no secret. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
export function externalIdFor(registry: {
  readonly installationId: string;
  readonly roleArn: string;
  readonly address: string;
}): string {
  const { installationId, roleArn, address } = registry;
  const digest = createHash('sha256').update(`${installationId}|${roleArn}|${address}`).digest('hex');
  return `pullpass-${digest.slice(0, 32)}`;
}

/** What the owner of the role reads in CloudTrail. At most 64 characters of [A-Za-z0-9_+=,.@-]. */
export function sessionName(host: string): string {
  return `pullpass@${host}`.slice(0, 64);
}

/** A repository's name in which `*` stands for any characters, `/` included, as IAM reads it. */
const REPOSITORY_PATTERN = /^[a-z0-9*](?:[a-z0-9*._/-]{0,254}[a-z0-9*])?$/;
const EMPTY_PART = /\.\.|\/\/|[._-]\/|\/[._-]/;

export function isRepositoryPattern(text: string): boolean {
  return REPOSITORY_PATTERN.test(text) && !EMPTY_PART.test(text);
}

/** In the plain characters of the policy; AWS refuses longer ones before it looks at them. */
export const SESSION_POLICY_LIMIT = 2048;

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

/** A session has what both its role and this policy allow, so this only ever takes away. */
export function sessionPolicy(host: PrivateEcrHost, repositories: readonly string[]): string {
  const { partition, region, accountId } = host;
  const arns = repositories.map((name) => `arn:${partition}:ecr:${region}:${accountId}:repository/${name}`);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
      { Effect: 'Allow', Action: PULL, Resource: arns },
    ],
  });
}
