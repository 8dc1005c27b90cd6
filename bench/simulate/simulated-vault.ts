/**
 * Issued secrets in the account's Secrets Manager, as far as the refresher sees it: which calls they cost, and which version
 * has which label. Keeps no secret.
 */
import { Secret } from '../../lib/domain/secret.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import type { Vault } from '../../lib/stores/vault.ts';
import { ATTEMPTS, LATENCY, type Range } from './assumptions.ts';
import type { ClientPace } from './client-pace.ts';
import type { Quota } from './quota.ts';
import type { Clock, SimulatedAccount } from './simulated-account.ts';

/** AWSCURRENT and AWSPENDING, by registry. */
export type Labels = Map<string, { readonly current: string; readonly pending?: string }>;

export function simulatedVault(
  parts: { readonly labels: Labels; readonly account: SimulatedAccount; readonly pace: ClientPace },
  clock: Clock,
): Vault {
  const { labels, account, pace } = parts;
  const { secretWrites, secretCreations } = account.quotas;

  async function call(takes: Range, quota?: Quota): Promise<void> {
    const common = { takes, attempts: ATTEMPTS.store, inOutage: true, pace };
    const outcome = await account.call(quota === undefined ? common : { ...common, quota }, clock);
    if (outcome !== 'ok') throw new StoreUnavailable(outcome);
  }

  return {
    async getSource() {
      await call(LATENCY.secretRead);
      return new Secret('simulated');
    },
    async putIssued(registryId, { version }) {
      const known = labels.get(registryId);
      await call(LATENCY.secretWrite, secretWrites);
      if (known !== undefined) {
        labels.set(registryId, { ...known, pending: version });
        return;
      }
      await call(LATENCY.secretWrite, secretCreations);
      labels.set(registryId, { current: version });
    },
    async settle(registryId, { issuedVersion }) {
      if (issuedVersion === undefined) return;
      await call(LATENCY.secretRead);
      const known = labels.get(registryId);
      if (known?.pending !== issuedVersion) return;
      await call(LATENCY.secretWrite, secretWrites);
      labels.set(registryId, { current: issuedVersion });
    },
    putSource: notPartOfTheSimulation,
    getIssued: notPartOfTheSimulation,
    prune: notPartOfTheSimulation,
    remove: notPartOfTheSimulation,
    registryIds: notPartOfTheSimulation,
    orphans: notPartOfTheSimulation,
    setAside: notPartOfTheSimulation,
    takeBack: notPartOfTheSimulation,
  };
}

function notPartOfTheSimulation(): never {
  throw new Error('the refresher does not do this');
}
