/** Every variable that a function of ours may be told, with values that are right. */
export const VARIABLES: Readonly<Record<string, string>> = {
  PULLPASS_INSTALLATION: 'test',
  PULLPASS_TABLE: 'table',
  PULLPASS_SECRET_PREFIX: 'pullpass',
  PULLPASS_KMS_KEY: 'arn:aws:kms:eu-west-1:111122223333:key/1',
  PULLPASS_RECOVERY_DAYS: '7',
  PULLPASS_SECRET_REPLICAS: '[{"region": "eu-central-1", "kmsKey": "arn:2"}, {"region": "us-east-1"}]',
  PULLPASS_ALLOWED_NETWORKS: '10.0.0.0/8, fd12::/16',
  PULLPASS_ECR_UPSTREAM_HOSTS: 'docker.corp.example, Docker.Corp.Example:443,docker.corp.example:5000',
  PULLPASS_MINT_ECR: 'mint-ecr',
  PULLPASS_MINT_GOOGLE: 'mint-google',
  PULLPASS_TRUSTED_TOKEN_URIS: '',
  PULLPASS_VERSION: '1.2.3',
  PULLPASS_DECISION_DAYS: '90',
  PULLPASS_ADMIN_SECRET: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:admin',
};
