/** One valid registry, to be varied by the fields that a test is about. */
import { parseAddress, type CanonicalAddress } from '../../lib/domain/address.ts';
import type { CredentialRecord } from '../../lib/domain/credential.ts';
import type { Registry } from '../../lib/domain/registry.ts';

/** As `Catalogue.addRegistry` takes it. */
export type NewRegistry = Omit<Registry, 'order' | 'revision'>;

/** 2026-01-01T00:00:00Z. */
export const START = 1_767_225_600_000;
export const HOUR = 3_600_000;

/** Throws for what is no address: in a test that is a bug of the test. */
export function canonicalAddress(text: string): CanonicalAddress {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`the test's address ${text} is not valid`);
  return parsed.value.canonical;
}

/** A credential that is fresh at `START` and due six hours later. */
export const FRESH: CredentialRecord = {
  current: { version: 'version-1', username: 'AWS', issuedAt: START, expiresAt: START + 12 * HOUR },
  dueAt: START + 6 * HOUR,
  consecutiveFailures: 0,
};

export function registryFixture(fields: Partial<NewRegistry> = {}): NewRegistry {
  return {
    id: 'registry-1',
    address: canonicalAddress('111122223333.dkr.ecr.eu-west-1.amazonaws.com'),
    environments: ['prod'],
    state: 'active',
    source: { kind: 'ecr' },
    tls: {},
    credential: FRESH,
    createdAt: START,
    updatedAt: START,
    ...fields,
  };
}

/** Every optional field set, and text that is easily broken on its way. */
export function fullRegistryFixture(fields: Partial<NewRegistry> = {}): NewRegistry {
  return registryFixture({
    address: canonicalAddress('registry.example.com:5000/team'),
    environments: ['prod', 'ci', '*'],
    source: { kind: 'ecr', region: 'eu-west-1', repositories: ['team/app'], nested: { list: [1, null, true, 'ü'] } },
    sourceVersion: 'source-1',
    tls: { ca: '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n', skipVerify: true, plainHttp: true },
    probe: { repository: 'team/app' },
    trustedRealms: ['auth.example.com'],
    email: 'ops@example.com',
    description: `it's "quoted", \\ 100 % $HOME\n🔑`,
    expiresOn: '2026-03-31',
    expiryReported: { on: '2026-03-31', stage: 'expired' },
    verification: {
      status: 'verified',
      warning: 'accepts_anyone',
      at: START + 1,
      drift: { from: 'verified', at: START },
    },
    credential: {
      ...FRESH,
      dueAt: START + 6 * HOUR + 0.5,
      claim: { id: 'claim-0', until: START + 60_000 },
      consecutiveFailures: 2,
      lastError: { code: 'throttled', at: START + 2 },
      rejectedVersion: 'version-0',
    },
    ...fields,
  });
}
