/**
 * The start: all registries are added one after the other, at a steady pace that leaves a fifth of each quota free. What
 * meets a quota all the same, or the outage, waits.
 */
import { parseAddress, type CanonicalAddress } from '../../lib/domain/address.ts';
import type { Registry } from '../../lib/domain/registry.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { recordOf } from '../../lib/service/refresh-registry.ts';
import { HOUR_MS } from './assumptions.ts';
import type { Quota } from './quota.ts';
import type { World } from './refresher.ts';
import type { Scenario } from './scenario.ts';
import { ecrLifetime } from './simulated-sources.ts';

const SHARE_OF_QUOTAS = 0.8;
const RETRY_MS = 1000;

/** Ends when all are added. */
export async function importRegistries(world: World, onAdded: (registry: Registry) => void): Promise<void> {
  const { scenario, clock, account, catalogue, labels } = world;
  const total = scenario.ecrRegistries + scenario.googleRegistries;
  const pause = Math.max((scenario.importHours * HOUR_MS) / total, 1000 / (SHARE_OF_QUOTAS * fastestPace(scenario)));
  const startedAt = clock.now();
  for (let number = 0; number < total; number += 1) {
    const ahead = startedAt + number * pause - clock.now();
    if (ahead >= 1) await clock.sleep(ahead);
    while (account.isOut()) await clock.sleep(RETRY_MS);
    for (const quota of quotasOf(number, world)) while (!quota.take()) await clock.sleep(RETRY_MS);
    const registry = newRegistry(number, world);
    labels.set(registry.id, { current: registry.credential.current?.version ?? '' });
    catalogue.add(registry);
    onAdded(registry);
  }
}

/** Registries a second. */
function fastestPace({ ecrRegistries, roles, accounts, quotas }: Scenario): number {
  if (ecrRegistries === 0) return quotas.secretCreations;
  return Math.min(quotas.secretCreations, roles ? quotas.assumeRole : quotas.ecrTokens * accounts);
}

/** Whoever adds a registry gets a token for it, even if its identity has one: nothing else proves that it may be used. */
function quotasOf(number: number, { scenario, account }: World): readonly Quota[] {
  const { secretCreations, assumeRole, ecrTokens } = account.quotas;
  if (number >= scenario.ecrRegistries) return [secretCreations];
  const token = scenario.roles ? assumeRole : ecrTokens[(number % scenario.principals) % ecrTokens.length];
  return token === undefined ? [secretCreations] : [secretCreations, token];
}

const NO_PASSWORD = new Secret('simulated');
const ENVIRONMENTS = ['prod'];
const ECR_ADDRESS = canonical('123456789012.dkr.ecr.us-east-1.amazonaws.com');
const GOOGLE_ADDRESS = canonical('europe-docker.pkg.dev');

function newRegistry(number: number, { scenario, clock, random, newId }: World): Registry {
  const now = clock.now();
  const isEcr = number < scenario.ecrRegistries;
  const expiresAt = now + (isEcr ? ecrLifetime(scenario) : HOUR_MS);
  const fresh = { username: 'simulated', password: NO_PASSWORD, issuedAt: now, expiresAt };
  return {
    id: `registry-${number}`,
    order: number,
    address: isEcr ? ECR_ADDRESS : GOOGLE_ADDRESS,
    environments: ENVIRONMENTS,
    state: 'active',
    source: isEcr ? { kind: 'ecr', principal: number % scenario.principals } : { kind: 'google' },
    tls: {},
    credential: recordOf(fresh, newId(), random),
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

function canonical(text: string): CanonicalAddress {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`not an address: ${text}`);
  return parsed.value.canonical;
}
