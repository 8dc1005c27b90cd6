/**
 * What may be pulled, as something knows it that has places and no rules of ours: a container runtime, an admission policy.
 * Each scope says what holds at its place and below; of those that cover an image the most specific decides. Not its job:
 * what holds where (policy-scopes.ts), or how a runtime writes it down (formats/host-config).
 */
import { parseRegistryHost } from './registry-host.ts';

export const DEFAULT_PORT = '443';

export interface AccessScope {
  /** A host's name without port; with `wildcard` the domain below which every host is meant. */
  readonly name: string;
  readonly wildcard: boolean;
  /** Undefined: every port that the name has no scopes of its own for. Wildcards have the default port's and that. */
  readonly port: string | undefined;
  /** `''`: the whole host. Every host and port that has a scope has this one, too. */
  readonly path: string;
  readonly allowed: boolean;
}

export interface Access {
  readonly scopes: readonly AccessScope[];
  /** On hosts that no scope is for. */
  readonly allowedElsewhere: boolean;
}

export const OPEN: Access = { scopes: [], allowedElsewhere: true };

/** Is there anything that it refuses? */
export function refusesAnything({ scopes, allowedElsewhere }: Access): boolean {
  return !allowedElsewhere || scopes.some(({ allowed }) => !allowed);
}

/** Asks an `Access` about hosts, which are as canonical addresses have them. */
export interface HostAccess {
  /** Is anything on it allowed? */
  readonly allowsAnything: (host: string) => boolean;
  /** Is anything on it refused? */
  readonly refusesAnything: (host: string) => boolean;
}

export function hostAccess(access: Access): HostAccess {
  const byHost = new Map<string, AccessScope[]>();
  for (const scope of access.scopes) {
    const key = keyOf(scope);
    const known = byHost.get(key);
    if (known === undefined) byHost.set(key, [scope]);
    else known.push(scope);
  }
  const verdictsOn = (text: string): readonly boolean[] => {
    const { name, port } = parseRegistryHost(text) ?? { name: text, port: DEFAULT_PORT };
    const own =
      byHost.get(keyOf({ name, port, wildcard: false })) ??
      byHost.get(keyOf({ name, port: undefined, wildcard: false }));
    if (own !== undefined) return own.map(({ allowed }) => allowed);
    const portOfWildcard = port === DEFAULT_PORT ? port : undefined;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const above = byHost.get(keyOf({ name: name.slice(dot + 1), port: portOfWildcard, wildcard: true }));
      if (above !== undefined) return above.map(({ allowed }) => allowed);
    }
    return [access.allowedElsewhere];
  };
  return {
    allowsAnything: (host) => verdictsOn(host).includes(true),
    refusesAnything: (host) => verdictsOn(host).includes(false),
  };
}

function keyOf({ name, port, wildcard }: Pick<AccessScope, 'name' | 'port' | 'wildcard'>): string {
  return `${wildcard ? '*.' : ''}${name} ${port ?? '*'}`;
}
