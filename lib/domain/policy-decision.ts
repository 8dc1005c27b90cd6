/**
 * What policy says: about one image, about a registry's address, about a host, about an entry's subtree. Both the
 * organisation's and the environment's document must allow; in each a deny entry beats every whitelist entry, and what is
 * always allowed or excepted beats both; the answer names the rule. Not its job: matching (policy-verdict.ts).
 */
import { DOCKER_HUB_ADDRESS, parseAddress, splitAddress, type CanonicalAddress } from './address.ts';
import { hostOf, parseImageReference, type ImageReference } from './image-reference.ts';
import { placeOf } from './policy-places.ts';
import { verdictOn, verdictOnAnyBelow, type Policies, type PolicyDocuments, type Verdict } from './policy-verdict.ts';
import type { PolicyDocument, PolicyMode } from './policy.ts';

export { entriesOf } from './policy-places.ts';
export { verdictsHoldUntil, type Policies, type PolicyDocuments } from './policy-verdict.ts';

export interface Decision {
  readonly allowed: boolean;
  /**
   * Which rule decided: `environment whitelist: quay.io/team`, `not in the organisation whitelist`, `no restriction`,
   * `organisation always allows: registry.k8s.io`, `environment exception until 2026-12-01T00:00:00.000Z: quay.io/x`.
   */
  readonly rule: string;
  readonly mode: PolicyMode;
  /** What enforce says: in audit mode `allowed` is true all the same. */
  readonly wouldRefuse: boolean;
}

/** `text` is placed on the effective default registry; one that is no image reference is refused in every mode. */
export function decide(
  question: Policies & ({ readonly reference: ImageReference } | { readonly text: string }),
): Decision {
  const mode = effectiveMode(question);
  if ('reference' in question) return decision(verdictOnReference(question.reference, question), mode);
  const parsed = parseImageReference(
    question.text,
    effectiveDefaultRegistry(question.organisation, question.environment),
  );
  if (parsed.ok) return decision(verdictOnReference(parsed.value, question), mode);
  return { allowed: false, rule: `not an image reference: ${parsed.failure.rule}`, mode, wouldRefuse: true };
}

/** For everything below a registry's address: allowed when any image there is. */
export function decideAddress(question: Policies & { readonly address: CanonicalAddress }): Decision {
  return decision(verdictOnAnyBelow(splitAddress(question.address), question), effectiveMode(question));
}

/** For clients that name only a host: allowed when any image on it is. `host` is a canonical host. */
export function decideHost(question: Policies & { readonly host: string }): Decision {
  return decision(verdictOnAnyBelow({ host: question.host, path: '' }, question), effectiveMode(question));
}

/**
 * For all that a canonical entry covers, `*.host` as well: what holds there as far as no longer entry of `entriesOf` below
 * it says otherwise.
 */
export function decideEntry(question: Policies & { readonly entry: string }): Decision {
  return decision(verdictOn(placeOf(question.entry), question), effectiveMode(question));
}

/** The mode belongs to the environment; the organisation's holds where that one sets none. */
export function effectiveMode({ organisation, environment }: PolicyDocuments): PolicyMode {
  return environment?.mode ?? organisation?.mode ?? 'enforce';
}

export function effectiveDefaultRegistry(
  organisation: PolicyDocument | undefined,
  environment: PolicyDocument | undefined,
): CanonicalAddress {
  const text = environment?.defaultRegistry ?? organisation?.defaultRegistry ?? null;
  if (text === null) return DOCKER_HUB_ADDRESS;
  const address = parseAddress(text);
  // Falling back to Docker Hub would ask the wrong registry for a private image's name.
  if (!address.ok) throw new Error('a stored policy has a default registry that is no address');
  return address.value.canonical;
}

/**
 * The rule, in either document and whatever the mode, that keeps every image off the default registry that is set. An
 * exception does not count: when it ends, every image without a registry would be refused overnight.
 */
export function defaultRegistryObstacle(documents: PolicyDocuments): string | undefined {
  const { organisation, environment } = documents;
  if ((environment?.defaultRegistry ?? organisation?.defaultRegistry ?? null) === null) return undefined;
  const address = splitAddress(effectiveDefaultRegistry(organisation, environment));
  const verdict = verdictOnAnyBelow(address, { organisation, environment, at: Number.POSITIVE_INFINITY });
  return verdict.refused ? verdict.rule : undefined;
}

function decision({ refused, rule }: Verdict, mode: PolicyMode): Decision {
  return { allowed: !refused || mode === 'audit', rule, mode, wouldRefuse: refused };
}

function verdictOnReference(reference: ImageReference, policies: Policies): Verdict {
  return verdictOn({ host: hostOf(reference), path: reference.repository }, policies);
}
