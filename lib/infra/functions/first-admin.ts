/**
 * Makes the first administrator and writes its token to one secret. CloudFormation waits for it and shows its
 * failures, so they need no dead letter; what it is invoked with holds a URL that is as good as a signature, and is
 * kept nowhere.
 */
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { FirstAdminEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { catalogueEnvironment } from '../function-environments.ts';
import { PARTITIONS, readCatalogue, writeCatalogue } from '../permissions/catalogue-permissions.ts';
import type { Permission } from '../permissions/permission.ts';
import { sealWithKey } from '../permissions/secret-permissions.ts';

export function firstAdminFunction(scope: Construct, context: FunctionContext, secret: CfnSecret): BundledFunction {
  const { agents, changes } = PARTITIONS;
  return new BundledFunction(scope, 'FirstAdmin', {
    context,
    name: 'first-admin',
    purpose: 'makes the first administrator',
    environment: {
      ...catalogueEnvironment(context),
      PULLPASS_ADMIN_SECRET: secret.attrId,
    } satisfies FirstAdminEnvironment,
    permissions: [
      ...readCatalogue(context.storage),
      ...writeCatalogue(context.storage, { PutItem: [...agents, ...changes], DeleteItem: agents }),
      keepToken(secret),
      sealWithKey(context.storage),
    ],
    memoryMegabytes: 256,
    timeout: Duration.seconds(60),
  });
}

/** It writes and does not read: what an attempt before has written is replaced. */
function keepToken(secret: CfnSecret): Permission {
  return {
    statement: new PolicyStatement({
      sid: 'KeepToken',
      actions: ['secretsmanager:PutSecretValue'],
      resources: [secret.attrId],
    }),
  };
}
