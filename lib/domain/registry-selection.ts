/**
 * Which registry answers: for an image, and for a host alone. An inactive winner stays the winner: whoever deactivated it
 * wanted the pull refused, not sent on with another credential. registry-overrides.ts says the same of all environments.
 */
import { addressCovers, splitAddress, type CanonicalAddress } from './address.ts';
import { EVERY_ENVIRONMENT } from './environment-name.ts';
import type { ImageReference } from './image-reference.ts';
import type { Registry } from './registry.ts';

export type RegistrySelection =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'selected' | 'inactive';
      readonly registry: Registry;
      /** At the same address and for the same environment, the one next in line first. */
      readonly overridden: readonly Registry[];
    };

/** Registries for several paths of one host, none for the host itself: which one is meant cannot be known. */
export interface AmbiguousSelection {
  readonly kind: 'ambiguous';
  /** The one that answers at each path, by address. Inactive ones count: their path may be the one that is meant. */
  readonly registries: readonly Registry[];
}

export function selectRegistry(question: {
  readonly reference: ImageReference;
  readonly environment: string;
  readonly registries: readonly Registry[];
}): RegistrySelection {
  const { reference, environment, registries } = question;
  const candidates = registries.filter((registry) => addressCovers(splitAddress(registry.address), reference));
  return select(candidates, environment);
}

/** `host` is canonical; `allows` tells whether policy lets anything at an address be pulled. */
export function selectForHost(question: {
  readonly host: string;
  readonly environment: string;
  readonly registries: readonly Registry[];
  readonly allows: (address: CanonicalAddress) => boolean;
}): RegistrySelection | AmbiguousSelection {
  const { host, environment, registries, allows } = question;
  const usable = registries.filter(
    ({ address, environments }) =>
      splitAddress(address).host === host && isAuthorised(environments, environment) && allows(address),
  );
  const whole = usable.filter(({ address }) => address === host);
  if (whole.length > 0) return select(whole, environment);

  const addresses = [...new Set(usable.map(({ address }) => address))].sort();
  if (addresses.length <= 1) return select(usable, environment);
  const winners = addresses.flatMap((address) => {
    const selection = select(
      usable.filter((registry) => registry.address === address),
      environment,
    );
    return selection.kind === 'none' ? [] : [selection.registry];
  });
  return { kind: 'ambiguous', registries: winners };
}

/**
 * Sorts the one that answers first: the longest address, then one authorised by name before `*`, then the most recently
 * added. Both must be authorised for the environment.
 */
export function compareForAddress(left: Registry, right: Registry, environment: string): number {
  return (
    right.address.length - left.address.length ||
    Number(right.environments.includes(environment)) - Number(left.environments.includes(environment)) ||
    right.order - left.order
  );
}

function select(candidates: readonly Registry[], environment: string): RegistrySelection {
  const [registry, ...others] = candidates
    .filter(({ environments }) => isAuthorised(environments, environment))
    .sort((left, right) => compareForAddress(left, right, environment));
  if (registry === undefined) return { kind: 'none' };
  const overridden = others.filter(({ address }) => address === registry.address);
  return { kind: registry.state === 'active' ? 'selected' : 'inactive', registry, overridden };
}

function isAuthorised(environments: readonly string[], environment: string): boolean {
  return environments.includes(EVERY_ENVIRONMENT) || environments.includes(environment);
}
