/** Embedded stores with something in them: registries whose credentials are there, a policy, an agent. */
import { parseAddress, type CanonicalAddress } from '../../lib/domain/address.ts';
import { UNRESTRICTED } from '../../lib/domain/policy.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { createAgent } from '../../lib/service/agents.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';

export const ENVIRONMENT = 'prod';

/** As long as the tokens of cloud registries are, so that answers have their size. */
export const PASSWORD = 'p'.repeat(1_800);

export async function openStore(directory: string): Promise<EmbeddedStore> {
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  return opened.value;
}

export interface SeededRegistries {
  readonly count: number;
  readonly kind: string;
  readonly now: number;
  /** When registry n is due; its credential runs out a year after `now`. Absent: it never runs out. */
  readonly dueAt?: (index: number) => number;
}

const YEAR_MS = 365 * 24 * 3_600_000;

export async function addRegistries(store: EmbeddedStore, seed: SeededRegistries): Promise<void> {
  for (let index = 0; index < seed.count; index += 1) await addRegistry(store, seed, index);
}

async function addRegistry(store: EmbeddedStore, seed: SeededRegistries, index: number): Promise<void> {
  const { kind, now } = seed;
  const id = `registry-${index}`;
  const dueAt = seed.dueAt?.(index);
  const lifetime = { issuedAt: now, ...(dueAt === undefined ? {} : { expiresAt: now + YEAR_MS }) };
  const current = { version: 'first', username: 'puller', ...lifetime };
  await store.vault.putIssued(id, { ...current, password: new Secret(PASSWORD) });
  await store.catalogue.addRegistry(
    {
      id,
      address: seededAddress(index),
      environments: [ENVIRONMENT],
      state: 'active',
      source: { kind },
      tls: {},
      credential: { current, ...(dueAt === undefined ? {} : { dueAt }), consecutiveFailures: 0 },
      createdAt: now,
      updatedAt: now,
    },
    { type: 'change', at: now, actor: 'bench', action: 'registry.add', subject: id },
  );
}

export function seededAddress(index: number): CanonicalAddress {
  const parsed = parseAddress(`registry-${index}.example.test`);
  if (!parsed.ok) throw new Error('a seeded address does not parse');
  return parsed.value.canonical;
}

/** A whitelist and a deny list, so that there is something to decide. */
export async function addPolicy(store: EmbeddedStore): Promise<void> {
  const allowed = Array.from({ length: 8 }, (_, index) => `mirror-${index}.example.test`);
  const written = await store.catalogue.putPolicy({
    scope: null,
    document: {
      ...UNRESTRICTED,
      whitelist: [...allowed, '*.example.test'],
      deny: ['banned.example.test'],
    },
    expectedRevision: undefined,
    updatedAt: Date.now(),
    change: { type: 'change', at: Date.now(), actor: 'bench', action: 'policy.set', subject: 'organisation' },
  });
  if (written.kind !== 'stored') throw new Error('the policy was not stored');
}

/** The new agent's token. */
export async function addAgent(store: EmbeddedStore): Promise<Secret> {
  const created = await createAgent({ name: 'bench', environments: [ENVIRONMENT] }, 'bench', {
    catalogue: store.catalogue,
    now: Date.now,
  });
  if (!created.ok) throw new Error('the agent was not created');
  return created.value.token;
}
