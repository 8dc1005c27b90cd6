/**
 * The first administrator: its token is generated in the account, written to one secret and seen by nobody on the way.
 * A higher generation writes another one.
 */
import { CustomResource, Duration } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { BundledFunction, FunctionContext } from './bundled-function.ts';
import { firstAdminFunction } from './functions/first-admin.ts';

export class FirstAdmin extends Construct {
  readonly function: BundledFunction;
  /** Its value is the token. */
  readonly secretArn: string;

  constructor(scope: Construct, id: string, context: FunctionContext) {
    super(scope, id);
    const { settings, storage } = context;
    // Empty at first: the higher construct would put a generated value there, which looks like a token and is none.
    const secret = new CfnSecret(this, 'Token', {
      description: `Pullpass ${settings.installation}: the first administrator's token`,
      kmsKeyId: storage.key.keyArn,
    });
    secret.applyRemovalPolicy(settings.removalPolicy);
    acknowledge(secret, {
      'AwsSolutions-SMG4': 'Rotated by raising firstAdminGeneration; a schedule would shut out who holds the token.',
    });
    this.secretArn = secret.attrId;
    this.function = firstAdminFunction(this, context, secret);
    const administrator = new CustomResource(this, 'Administrator', {
      resourceType: 'Custom::PullpassFirstAdmin',
      serviceToken: this.function.lambda.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { Generation: String(settings.firstAdminGeneration) },
    });
    administrator.node.addDependency(this.function, storage);
  }
}
