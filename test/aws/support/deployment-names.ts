/** What the tests and the app that they deploy both name. */
export const STACK = 'pullpass-test';
export const INSTALLATION = 'test';
export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';
/** The deployed Pullpass may send it tokens of its own identity under the CA of the tests. */
export const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
/** The one pattern of roles that the deployed ECR refresher may assume. */
export const ECR_ROLES = `arn:aws:iam::${ACCOUNT_ID}:role/pullpass-*`;
