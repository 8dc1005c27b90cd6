/**
 * Which hosts are Amazon ECR, and what their names say. Matched whole, and the region must belong to the suffix: a token for
 * one partition must not be asked for because a look-alike of another one was typed.
 */

export interface PrivateEcrHost {
  readonly kind: 'private';
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly fips: boolean;
  readonly dualStack: boolean;
}

export type EcrHost = PrivateEcrHost | { readonly kind: 'public' };

interface Partition {
  readonly partition: string;
  readonly region: RegExp;
  readonly suffix: string;
  /** Absent where nobody has confirmed that there is one. */
  readonly dualStackSuffix?: string;
}

const PARTITIONS: readonly Partition[] = [
  {
    partition: 'aws',
    region: /^(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]{1,2}$/,
    suffix: 'amazonaws.com',
    dualStackSuffix: 'on.aws',
  },
  {
    partition: 'aws-us-gov',
    region: /^us-gov-[a-z]+-[0-9]{1,2}$/,
    suffix: 'amazonaws.com',
    dualStackSuffix: 'on.aws',
  },
  {
    partition: 'aws-cn',
    region: /^cn-[a-z]+-[0-9]{1,2}$/,
    suffix: 'amazonaws.com.cn',
    dualStackSuffix: 'on.amazonwebservices.com.cn',
  },
  {
    partition: 'aws-eusc',
    region: /^eusc-de-[a-z]+-[0-9]{1,2}$/,
    suffix: 'amazonaws.eu',
    dualStackSuffix: 'on.amazonwebservices.eu',
  },
  { partition: 'aws-iso', region: /^us-iso-[a-z]+-[0-9]{1,2}$/, suffix: 'c2s.ic.gov' },
  { partition: 'aws-iso-b', region: /^us-isob-[a-z]+-[0-9]{1,2}$/, suffix: 'sc2s.sgov.gov' },
  { partition: 'aws-iso-e', region: /^eu-isoe-[a-z]+-[0-9]{1,2}$/, suffix: 'cloud.adc-e.uk' },
  { partition: 'aws-iso-f', region: /^us-isof-[a-z]+-[0-9]{1,2}$/, suffix: 'csp.hci.ic.gov' },
];

const PUBLIC_HOSTS: ReadonlySet<string> = new Set(['public.ecr.aws', 'ecr-public.aws.com']);
const STANDARD = /^([0-9]{12})\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/;
const DUAL_STACK = /^([0-9]{12})\.dkr-ecr(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/;

/** `host` is a canonical host; one with a port is no ECR host. */
export function parseEcrHost(host: string): EcrHost | undefined {
  if (PUBLIC_HOSTS.has(host)) return { kind: 'public' };
  return parsePrivate(host, STANDARD) ?? parsePrivate(host, DUAL_STACK);
}

function parsePrivate(host: string, shape: typeof STANDARD): PrivateEcrHost | undefined {
  const [, accountId, fips, region, suffix] = shape.exec(host) ?? [];
  if (accountId === undefined || region === undefined) return undefined;
  const dualStack = shape === DUAL_STACK;
  const found = PARTITIONS.find(
    (each) => each.region.test(region) && (dualStack ? each.dualStackSuffix : each.suffix) === suffix,
  );
  if (found === undefined) return undefined;
  return { kind: 'private', accountId, region, partition: found.partition, fips: fips !== undefined, dualStack };
}
