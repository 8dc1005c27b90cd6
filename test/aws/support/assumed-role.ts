/** Keys of a role, for calls in its name: what a host with that role holds, or a function. */
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Workspace } from '../../clients/support/workspace.ts';
import type { Account, Keys } from './account.ts';
import { query } from './aws-call.ts';
import { ACCOUNT_ID } from './deployment-names.ts';

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string;
}

export interface NewRole {
  readonly name: string;
  /** Whose ARN may assume it; the account's root (whoever has the right) when not given. */
  readonly trusts?: string;
  readonly may: readonly Statement[];
}

/** @returns its ARN. */
export async function createRole(workspace: Workspace, account: Account, role: NewRole): Promise<string> {
  const iam = (parameters: Readonly<Record<string, string>>): Promise<string> =>
    query(workspace, account, {
      service: 'iam',
      parameters: { Version: '2010-05-08', RoleName: role.name, ...parameters },
    });
  const principal = { AWS: role.trusts ?? `arn:aws:iam::${ACCOUNT_ID}:root` };
  const trust = policy([{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }]);
  await iam({ Action: 'CreateRole', AssumeRolePolicyDocument: trust });
  await iam({ Action: 'PutRolePolicy', PolicyName: 'may', PolicyDocument: policy(role.may) });
  return `arn:aws:iam::${ACCOUNT_ID}:role/${role.name}`;
}

function policy(statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** As the account's root, which may become any role here. */
export async function assumeRole(account: Account, roleArn: string): Promise<Keys> {
  const sts = new STSClient(account.clientOptions());
  try {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'test' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  } finally {
    sts.destroy();
  }
}
