/** One thing that a function may do. */
import { Stack, Token } from 'aws-cdk-lib';
import type { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { acknowledge } from '../acknowledge.ts';

export interface Permission {
  readonly statement: PolicyStatement;
  /** Why its resources are a pattern and not names; a pattern without a reason is found by the rule packs. */
  readonly whyPattern?: string;
}

export function permit(role: Role, permissions: readonly Permission[]): void {
  for (const { statement, whyPattern } of permissions) {
    role.addToPolicy(statement);
    if (whyPattern === undefined) continue;
    for (const pattern of statement.resources.filter((resource) => resource.includes('*'))) {
      acknowledge(role, { [`AwsSolutions-IAM5[Resource::${asReported(role, pattern)}]`]: whyPattern });
    }
  }
}

/** Rule packs write what is known at deployment only by its name. */
function asReported(role: Role, resource: string): string {
  const { partition, region, account } = Stack.of(role);
  const names = { Partition: partition, Region: region, AccountId: account };
  return Object.entries(names)
    .filter(([, value]) => Token.isUnresolved(value))
    .reduce((text, [name, value]) => text.replaceAll(value, `<AWS::${name}>`), resource);
}
