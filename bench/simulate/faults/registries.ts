/** The registries of a schedule: two that share an ECR token, and one of Google's. */
import { parseAddress, type CanonicalAddress } from '../../../lib/domain/address.ts';
import { withRejection } from '../../../lib/domain/credential.ts';
import type { Registry } from '../../../lib/domain/registry.ts';
import type { SimulatedCatalogue } from '../simulated-catalogue.ts';

export const ADDRESSES = [
  '111122223333.dkr.ecr.eu-west-1.amazonaws.com',
  '444455556666.dkr.ecr.eu-west-1.amazonaws.com',
  'eu-docker.pkg.dev',
];

export function newRegistry(index: number, text: string, now: number): Registry {
  return {
    id: `registry-${index}`,
    order: index,
    revision: 1,
    address: addressOf(text),
    environments: ['prod'],
    state: 'active',
    source: { kind: text.includes('.ecr.') ? 'ecr' : 'google' },
    tls: {},
    credential: { dueAt: now, consecutiveFailures: 0 },
    createdAt: now,
    updatedAt: now,
  };
}

function addressOf(text: string): CanonicalAddress {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`${text} is no address`);
  return parsed.value.canonical;
}

/** As the embedded store does it. */
export function distrustTimes(catalogue: SimulatedCatalogue, now: number): void {
  for (const registry of [...catalogue.registries.values()]) {
    const { claim: _ended, ...credential } = withRejection(registry.credential);
    catalogue.add({ ...registry, credential: { ...credential, dueAt: Math.min(credential.dueAt ?? now, now) } });
  }
}
