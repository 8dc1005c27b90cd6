/** The rules that a schema cannot say: what in an ECR source goes together, and with the registry's address. */
import { splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { parseEcrHost, type EcrHost } from '../../domain/ecr-host.ts';
import { invalidInput, type InvalidInput } from '../../domain/failures.ts';
import { isRepositoryPattern, parseRoleArn, sessionPolicy, SESSION_POLICY_LIMIT } from './session-policy.ts';

/** What an administrator wants, earlier settings and changes put together; no secret. */
export interface EcrWishes {
  readonly kind: 'ecr';
  readonly upstream?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly repositories?: string[] | undefined;
  readonly accessKeyId?: string | undefined;
}

/** The ECR host that a registry's tokens are for: its own, or the upstream one. */
export function ecrHostOf(address: CanonicalAddress, settings: Pick<EcrWishes, 'upstream'>): EcrHost | undefined {
  return parseEcrHost(hostName(address, settings));
}

export function hostName(address: CanonicalAddress, { upstream }: Pick<EcrWishes, 'upstream'>): string {
  return upstream ?? splitAddress(address).host;
}

export function upstreamFault({ upstream }: EcrWishes, address: CanonicalAddress): InvalidInput | undefined {
  const own = parseEcrHost(splitAddress(address).host);
  if (own !== undefined) {
    if (upstream === undefined) return undefined;
    return invalidInput('source.upstream', 'is only for a registry whose own address is no ECR host; leave it out');
  }
  const shape = '<12 digits>.dkr.ecr.<region>.amazonaws.com, its like in other partitions, or public.ecr.aws';
  if (upstream === undefined) {
    return invalidInput('source.upstream', `is required, since the address itself is no ECR host: ${shape}`);
  }
  if (parseEcrHost(upstream) !== undefined) return undefined;
  return invalidInput('source.upstream', `must be an ECR host, in lower case and without port or path: ${shape}`);
}

export function roleFault(next: EcrWishes, address: CanonicalAddress): InvalidInput | undefined {
  if (next.roleArn === undefined) return undefined;
  const role = parseRoleArn(next.roleArn);
  if (role === undefined) {
    return invalidInput('source.roleArn', 'must be the ARN of an IAM role: arn:aws:iam::<12 digits>:role/<name>');
  }
  const host = ecrHostOf(address, next);
  const partition = host?.kind === 'private' ? host.partition : 'aws';
  if (role.partition === partition) return undefined;
  return invalidInput('source.roleArn', `must be in the partition of the registry's region: arn:${partition}:iam::…`);
}

const REPOSITORIES = 'source.repositories';

export function repositoriesFault(next: EcrWishes, address: CanonicalAddress): InvalidInput | undefined {
  const { repositories } = next;
  if (repositories === undefined) return undefined;
  if (next.roleArn === undefined) {
    return invalidInput(REPOSITORIES, "needs roleArn: only a role's session can be narrowed");
  }
  if (repositories.length === 0) return invalidInput(REPOSITORIES, 'must name at least one repository, or be left out');
  const wrong = repositories.findIndex((pattern) => !isRepositoryPattern(pattern) || startsWithEcrHost(pattern));
  if (wrong >= 0) {
    const rule = 'must be a repository as ECR names them, without host and tag; "*" stands for any characters';
    return invalidInput(`${REPOSITORIES}[${wrong}]`, rule);
  }
  const host = ecrHostOf(address, next);
  if (host?.kind !== 'private')
    return invalidInput(REPOSITORIES, 'does not go with ECR Public, where everybody may pull');
  const { length } = sessionPolicy(host, repositories);
  if (length <= SESSION_POLICY_LIMIT) return undefined;
  const rule = `must fit a session policy of ${SESSION_POLICY_LIMIT} characters, and takes ${length}: use "*" or fewer entries`;
  return invalidInput(REPOSITORIES, rule);
}

/** What an image's name starts with; a repository may be called so, and nobody calls one so. */
function startsWithEcrHost(pattern: string): boolean {
  const [first = ''] = pattern.split('/', 1);
  return parseEcrHost(first) !== undefined;
}

interface KeyInput {
  readonly given: string | undefined;
  readonly secretAccessKey: string | undefined;
  readonly earlier: Pick<EcrWishes, 'accessKeyId'> | undefined;
}

export function accessKeyFault({ accessKeyId }: EcrWishes, key: KeyInput): InvalidInput | undefined {
  if (accessKeyId === undefined) {
    return key.given === undefined ? undefined : invalidInput('source.accessKeyId', 'is required with secretAccessKey');
  }
  if (!/^[A-Za-z0-9_]{16,128}$/.test(accessKeyId)) {
    return invalidInput('source.accessKeyId', 'must be 16 to 128 letters and digits, such as AKIA…');
  }
  if (accessKeyId.startsWith('ASIA')) {
    return invalidInput('source.accessKeyId', 'must be a lasting key (AKIA…): temporary ones (ASIA…) run out');
  }
  if (key.secretAccessKey !== undefined) return undefined;
  const rule =
    key.earlier?.accessKeyId === undefined
      ? 'is required with accessKeyId'
      : 'must be given again when accessKeyId, roleArn or upstream is changed, or repositories are taken away';
  return invalidInput('source.secretAccessKey', rule);
}
