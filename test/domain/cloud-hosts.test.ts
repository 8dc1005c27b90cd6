import { describe, expect, it } from 'vitest';
import { parseEcrHost } from '../../lib/domain/ecr-host.ts';
import { isGoogleHost } from '../../lib/domain/google-host.ts';

const ACCOUNT = '123456789012';

describe('an ECR host', () => {
  it.each([
    ['aws', 'us-east-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'eu-central-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'ap-southeast-4', 'amazonaws.com', 'on.aws'],
    ['aws', 'sa-east-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'ca-west-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'me-south-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'af-south-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'il-central-1', 'amazonaws.com', 'on.aws'],
    ['aws', 'mx-central-1', 'amazonaws.com', 'on.aws'],
    ['aws-us-gov', 'us-gov-west-1', 'amazonaws.com', 'on.aws'],
    ['aws-cn', 'cn-northwest-1', 'amazonaws.com.cn', 'on.amazonwebservices.com.cn'],
    ['aws-eusc', 'eusc-de-east-1', 'amazonaws.eu', 'on.amazonwebservices.eu'],
    ['aws-iso', 'us-iso-east-1', 'c2s.ic.gov', undefined],
    ['aws-iso-b', 'us-isob-east-1', 'sc2s.sgov.gov', undefined],
    ['aws-iso-e', 'eu-isoe-west-1', 'cloud.adc-e.uk', undefined],
    ['aws-iso-f', 'us-isof-south-1', 'csp.hci.ic.gov', undefined],
  ])('of %s in %s is known with and without FIPS and dual stack', (partition, region, suffix, dualStackSuffix) => {
    const known = { kind: 'private', accountId: ACCOUNT, region, partition };
    expect(parseEcrHost(`${ACCOUNT}.dkr.ecr.${region}.${suffix}`)).toEqual({ ...known, fips: false, dualStack: false });
    expect(parseEcrHost(`${ACCOUNT}.dkr.ecr-fips.${region}.${suffix}`)).toEqual({
      ...known,
      fips: true,
      dualStack: false,
    });
    if (dualStackSuffix === undefined) return;
    const dualStack = { ...known, dualStack: true };
    expect(parseEcrHost(`${ACCOUNT}.dkr-ecr.${region}.${dualStackSuffix}`)).toEqual({ ...dualStack, fips: false });
    expect(parseEcrHost(`${ACCOUNT}.dkr-ecr-fips.${region}.${dualStackSuffix}`)).toEqual({ ...dualStack, fips: true });
  });

  it.each(['public.ecr.aws', 'ecr-public.aws.com'])('%s is the public one', (host) => {
    expect(parseEcrHost(host)).toEqual({ kind: 'public' });
  });

  it.each([
    // Not anchored at the end, at the start.
    `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.attacker.example`,
    `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.cn.attacker.example`,
    `${ACCOUNT}.dkr-ecr.us-east-1.on.aws.attacker.example`,
    `evil.${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com`,
    `evil-${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east-1.evilamazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east-1.evil.amazonaws.com`,
    `${ACCOUNT}xdkr.ecr.us-east-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east-1xamazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com\n`,
    // The region belongs to another partition's suffix, or to none.
    `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com.cn`,
    `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-iso-east-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-isob-east-1.c2s.ic.gov`,
    `${ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-gov-west-1.c2s.ic.gov`,
    `${ACCOUNT}.dkr.ecr.xx-east-1.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.eu`,
    // Standard and dual-stack forms mixed.
    `${ACCOUNT}.dkr.ecr.us-east-1.on.aws`,
    `${ACCOUNT}.dkr-ecr.us-east-1.amazonaws.com`,
    `${ACCOUNT}.dkr-ecr.cn-north-1.on.aws`,
    // Not twelve digits, parts missing, other ports, other services.
    '12345678901.dkr.ecr.us-east-1.amazonaws.com',
    '1234567890123.dkr.ecr.us-east-1.amazonaws.com',
    'dkr.ecr.us-east-1.amazonaws.com',
    `${ACCOUNT}.dkr.ecr.amazonaws.com`,
    `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com:8443`,
    `${ACCOUNT}.dkr.ecr-fipsx.us-east-1.amazonaws.com`,
    'api.ecr.us-east-1.amazonaws.com',
    'public.ecr.aws.attacker.example',
    'evil.public.ecr.aws',
    'public-ecr.aws',
    'amazonaws.com',
    '',
  ])('%s is none', (host) => {
    expect(parseEcrHost(host)).toBeUndefined();
  });
});

describe("a Google registry's host", () => {
  it.each([
    ...['gcr.io', 'us.gcr.io', 'eu.gcr.io', 'asia.gcr.io', 'marketplace.gcr.io', 'mirror.gcr.io'],
    ...[
      'us-docker.pkg.dev',
      'europe-docker.pkg.dev',
      'us-central1-docker.pkg.dev',
      'northamerica-northeast2-docker.pkg.dev',
    ],
    ...['docker.us-central1.rep.pkg.dev', 'docker.europe-west3.rep.pkg.dev'],
  ])('is %s', (host) => {
    expect(isGoogleHost(host)).toBe(true);
  });

  it.each([
    ...[
      'gcr.io.evil.example',
      'evilgcr.io',
      'evil.gcr.io',
      'us.gcr.io:8443',
      'gcrxio',
      'us-gcr.io',
      'cn.gcr.io',
      'x.us.gcr.io',
    ],
    ...[
      'us-docker.pkg.dev.evil.example',
      'evil.us-docker.pkg.dev',
      '-docker.pkg.dev',
      'docker.pkg.dev',
      'usdocker.pkg.dev',
      'us-docker-pkg.dev',
    ],
    ...[
      'us-python.pkg.dev',
      'us-central1-maven.pkg.dev',
      'us-central1-dockerx.pkg.dev',
      'us-docker.pkg.devx',
      'pkg.dev',
    ],
    ...[
      'docker.rep.pkg.dev',
      'docker..rep.pkg.dev',
      'docker.a.b.rep.pkg.dev',
      'x.docker.us.rep.pkg.dev',
      'docker.us.rep.pkg.dev.evil.example',
      '',
    ],
  ])('is not %s', (host) => {
    expect(isGoogleHost(host)).toBe(false);
  });
});
