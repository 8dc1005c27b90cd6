/** What the tests and the app that they deploy both name. */
export const STACK = 'pullpass-test';
export const INSTALLATION = 'test';
export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';
/** The one pattern of roles that the deployed ECR refresher may assume. */
export const ECR_ROLES = `arn:aws:iam::${ACCOUNT_ID}:role/pullpass-*`;
