/**
 * policy.json of containers/image: what may be pulled. Its scopes are texts as images have them (`host[:port][/path]`,
 * `*.host`), of which the most specific decides, as ours do; a port that is not named is another text, and `*.host` stands
 * for every port.
 */
import { DEFAULT_PORT, type Access, type AccessScope } from '../../domain/access-scopes.ts';
import { DOCKER_HUB, DOCKER_HUB_ALIASES, foldDockerHub, namesHost } from '../../domain/registry-host.ts';

type Requirement = readonly [{ readonly type: 'reject' | 'insecureAcceptAnything' }];

const REJECT: Requirement = [{ type: 'reject' }];
const ACCEPT: Requirement = [{ type: 'insecureAcceptAnything' }];

/** What is on the host already, or in a file that somebody has: policy is about registries. */
const LOCAL_TRANSPORTS = [
  'containers-storage',
  'dir',
  'docker-archive',
  'docker-daemon',
  'oci',
  'oci-archive',
  'sif',
  'tarball',
];

export interface ImagePolicy {
  readonly default: Requirement;
  readonly transports: Readonly<Record<string, Readonly<Record<string, Requirement>>>>;
}

export function imagePolicy(access: Access): ImagePolicy {
  const local = LOCAL_TRANSPORTS.map((transport) => [transport, { '': ACCEPT }] as const);
  return {
    default: requirement(access.allowedElsewhere),
    transports: { docker: scopesOfRegistries(access), ...Object.fromEntries(local) },
  };
}

function scopesOfRegistries(access: Access): Readonly<Record<string, Requirement>> {
  const scopes = access.scopes.flatMap((scope) => {
    const needed = scope.wildcard ? scope.port === DEFAULT_PORT : !holdsAnyway(scope, access);
    return needed ? spelled(scope).map((text) => [text, requirement(scope.allowed)] as const) : [];
  });
  const aliases = shutAliases(access).flatMap((name) => [name, `${name}:${DEFAULT_PORT}`]);
  scopes.push(...aliases.map((text) => [text, REJECT] as const));
  return Object.fromEntries(scopes.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/**
 * Docker Hub's other names, as soon as anything on it is refused: as texts they would need each rule again, with and without
 * `library/`, and nobody has to use them.
 */
export function shutAliases({ scopes }: Access): readonly string[] {
  const refused = scopes.some(({ name, wildcard, allowed }) => !wildcard && name === DOCKER_HUB && !allowed);
  return refused ? DOCKER_HUB_ALIASES : [];
}

/** What no scope of its own has to say about a whole host. */
function holdsAnyway({ name, path, allowed }: AccessScope, access: Access): boolean {
  return path === '' && allowed === fallbackFor(name, access);
}

/** Which verdict containers/image comes to for a host that it has no scope for. */
function fallbackFor(name: string, { scopes, allowedElsewhere }: Access): boolean {
  const above = scopes.filter(
    (scope) => scope.wildcard && scope.port === DEFAULT_PORT && name.endsWith(`.${scope.name}`),
  );
  const [nearest] = above.sort((left, right) => right.name.length - left.name.length);
  return nearest?.allowed ?? allowedElsewhere;
}

/** Every way in which an image may name the place; none for "every other port". */
function spelled({ name, wildcard, port, path }: AccessScope): readonly string[] {
  if (wildcard) return [`*.${name}`];
  if (port === undefined) return [];
  const below = path === '' ? '' : `/${path}`;
  if (port !== DEFAULT_PORT) return [`${name}:${port}${below}`];
  return [...(namesHost(name) ? [`${name}${below}`] : []), `${name}:${port}${below}`];
}

function requirement(allowed: boolean): Requirement {
  return allowed ? ACCEPT : REJECT;
}

/** What policy refuses and these scopes do not, since it has no text of its own. */
export function looselyHeldNames(access: Access): {
  readonly wildcards: readonly string[];
  readonly hosts: readonly string[];
} {
  const wildcards = access.scopes.filter(({ wildcard, port, name, allowed }) => {
    if (!wildcard || port !== DEFAULT_PORT || !allowed) return false;
    return !access.scopes.some(
      (other) => other.wildcard && other.name === name && other.port === undefined && other.allowed,
    );
  });
  const refused = access.scopes.filter(
    ({ wildcard, name, allowed }) =>
      !wildcard && !allowed && fallbackFor(name, access) && !DOCKER_HUB_ALIASES.includes(name),
  );
  return {
    wildcards: wildcards.map(({ name }) => `*.${name}`),
    hosts: [...new Set(refused.map(({ name }) => foldDockerHub(name)))].sort(),
  };
}
