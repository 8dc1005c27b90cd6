/** Calling other functions of the installation. */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Permission } from './permission.ts';

/** Their newest code only: no older version and no alias of them. */
export function invoke(functions: readonly IFunction[]): Permission {
  return {
    statement: new PolicyStatement({
      sid: 'Invoke',
      actions: ['lambda:InvokeFunction'],
      resources: functions.map(({ functionArn }) => functionArn),
    }),
  };
}
