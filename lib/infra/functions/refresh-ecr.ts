/**
 * Mints and refreshes ECR credentials. The one function that may become somebody else, and only whom the pattern
 * names.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { RefreshEcrEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { vaultWriterEnvironment } from '../function-environments.ts';
import type { Permission } from '../permissions/permission.ts';
import { refreshRegistries } from '../permissions/refresher-permissions.ts';
import { REFRESHER } from './refresher.ts';

export function refreshEcrFunction(scope: Construct, context: FunctionContext): BundledFunction {
  return new BundledFunction(scope, 'RefreshEcr', {
    ...REFRESHER,
    context,
    name: 'refresh-ecr',
    purpose: 'mints and refreshes ECR credentials',
    environment: { ...vaultWriterEnvironment(context) } satisfies RefreshEcrEnvironment,
    permissions: [
      ...refreshRegistries(context.storage),
      ...mintOwnTokens(),
      ...lendPulls(scope, context),
      ...assumeRoles(scope, context),
    ],
  });
}

function mintOwnTokens(): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'MintTokens',
        actions: ['ecr:GetAuthorizationToken', 'ecr-public:GetAuthorizationToken'],
        resources: ['*'],
      }),
      whyPattern: 'Tokens are of the account and not of a repository: these actions know no resource.',
    },
    {
      statement: new PolicyStatement({
        sid: 'MintPublicTokens',
        actions: ['sts:GetServiceBearerToken'],
        resources: ['*'],
        conditions: { StringEquals: { 'sts:AWSServiceName': 'ecr-public.amazonaws.com' } },
      }),
      whyPattern: 'This action knows no resource; the condition limits it to the one service that asks for it.',
    },
  ];
}

/** A token carries its maker's permissions: what this role may pull is what hosts may pull with a token of its own. */
function lendPulls(scope: Construct, { settings }: FunctionContext): readonly Permission[] {
  const { partition, account } = Stack.of(scope);
  const resources = [...(settings.ecrRepositoryPatterns ?? [`arn:${partition}:ecr:*:${account}:repository/*`])];
  if (resources.length === 0) return [];
  return [
    {
      statement: new PolicyStatement({
        sid: 'LendPulls',
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources,
      }),
      whyPattern: 'Repositories come and go while Pullpass runs; which of them hosts may pull from is configured.',
    },
  ];
}

function assumeRoles(scope: Construct, { settings }: FunctionContext): readonly Permission[] {
  // Not `pullpass-*`: the roles of a stack of that name begin so.
  const named = `arn:${Stack.of(scope).partition}:iam::*:role/pullpass-pull*`;
  const resources = [...(settings.ecrRolePatterns ?? [named])];
  if (resources.length === 0) return [];
  return [
    {
      statement: new PolicyStatement({ sid: 'AssumeRoles', actions: ['sts:AssumeRole'], resources }),
      whyPattern:
        'Roles of other accounts, each of which names this role in its trust policy; the pattern is configured.',
    },
  ];
}
