/**
 * A registry that the catalogue has and cannot read. It may be the one that answers: then nothing else is to answer in its
 * place, neither another registry nor "no registry, pull anonymously". What is certain not to be its business goes on.
 */
import { addressCovers, splitAddress, type CanonicalAddress } from './address.ts';
import { EVERY_ENVIRONMENT } from './environment-name.ts';
import type { ImageReference } from './image-reference.ts';
import type { Registry } from './registry.ts';

export interface UnreadableRegistry {
  readonly id: string;
  /** Undefined: nothing but its host is known. */
  readonly address?: CanonicalAddress;
  /** Undefined: it may be any. */
  readonly environments?: readonly string[];
}

/** `selected` answers for the reference, as far as registries can be read. */
export function mightAnswerInstead(
  unreadable: UnreadableRegistry,
  asked: {
    readonly reference: ImageReference;
    readonly environment: string;
    readonly selected: Registry | undefined;
  },
): boolean {
  const { address } = unreadable;
  if (!isPerhapsFor(unreadable, asked.environment)) return false;
  if (address === undefined) return true;
  if (!addressCovers(splitAddress(address), asked.reference)) return false;
  // The longest address wins.
  return asked.selected === undefined || address.length >= asked.selected.address.length;
}

export function isPerhapsFor({ environments }: UnreadableRegistry, environment: string): boolean {
  return environments === undefined || environments.includes(environment) || environments.includes(EVERY_ENVIRONMENT);
}

/** As far as is known. */
export function isPerhapsAt({ address }: UnreadableRegistry, wanted: string): boolean {
  return address === undefined || address === wanted;
}
