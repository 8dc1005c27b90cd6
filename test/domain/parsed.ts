/** What the domain's tests start from: texts that are known to parse, parsed. */
import { parseAddress, type CanonicalAddress } from '../../lib/domain/address.ts';
import { parseImageReference, type ImageReference } from '../../lib/domain/image-reference.ts';
import { parsePolicyDocument } from '../../lib/domain/policy-entry.ts';
import type { PolicyDocument } from '../../lib/domain/policy.ts';
import type { Result } from '../../lib/domain/result.ts';
import type { Registry } from '../../lib/domain/registry.ts';

export function reference(text: string, defaultRegistry?: CanonicalAddress): ImageReference {
  const parsed = parseImageReference(text, defaultRegistry);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.failure.rule}`);
  return parsed.value;
}

export function address(text: string): CanonicalAddress {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.failure.rule}`);
  return parsed.value.canonical;
}

export function policy(document: Partial<Record<keyof PolicyDocument, unknown>>): PolicyDocument {
  const parsed = parsePolicyDocument(document);
  if (!parsed.ok) throw new Error(`${parsed.failure.field}: ${parsed.failure.rule}`);
  return parsed.value;
}

export function registry(
  overrides: Partial<Omit<Registry, 'address'>> & { readonly id: string; readonly address: string },
): Registry {
  return {
    order: 1,
    environments: ['*'],
    state: 'active',
    source: { kind: 'static' },
    tls: {},
    credential: { consecutiveFailures: 0 },
    createdAt: 0,
    updatedAt: 0,
    revision: 1,
    ...overrides,
    address: address(overrides.address),
  };
}

/** For calls with what a caller without a type checker may hand on: says yes to everything. */
export function claimsToBeText(value: unknown): value is string {
  return value !== claimsToBeText;
}

/** The rule that was broken; for what was accepted a text that no rule says. */
export function ruleOf(result: Result<unknown, { readonly rule: string }>): string {
  return result.ok ? 'accepted' : result.failure.rule;
}
