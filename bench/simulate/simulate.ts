/** Runs one scenario from the first registry that is added to its end, in virtual time. */
import { importRegistries } from './import-registries.ts';
import { observe, type Observation, type Observed } from './observation.ts';
import type { Quota, QuotaUsage } from './quota.ts';
import { scheduleRefresher, type RefresherFigures, type World } from './refresher.ts';
import type { Scenario } from './scenario.ts';
import { seededRandom } from './seeded-random.ts';
import { simulatedAccount, type SimulatedAccount } from './simulated-account.ts';
import { simulatedCatalogue } from './simulated-catalogue.ts';
import { virtualTime } from './virtual-time.ts';

export interface Simulated extends Observed {
  readonly scenario: Scenario;
  /** Undefined: the time of the run was too short to add all. */
  readonly importHours: number | undefined;
  readonly refresher: RefresherFigures;
  readonly quotas: readonly (QuotaUsage & { readonly name: string; readonly perSecond: number })[];
}

const HOUR = 3_600_000;
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

export async function simulate(scenario: Scenario): Promise<Simulated> {
  const time = virtualTime(START);
  const random = seededRandom(scenario.seed);
  const { accounts, quotas, outage } = scenario;
  const account = simulatedAccount({ accounts, quotas, outage, random }, time.now);
  const outageEndsAt = outage === undefined ? undefined : START + (outage.startsAtHour + outage.hours) * HOUR;
  const observation = observe({ now: time.now, outageEndsAt });
  const catalogue = simulatedCatalogue(observation.replaced);
  let ids = 0;
  const newId = (): string => String((ids += 1));
  const world: World = { scenario, clock: time, random, newId, account, catalogue, labels: new Map() };

  let importedAt: number | undefined;
  void importRegistries(world, observation.added).then(() => {
    importedAt = time.now();
  });
  void tickForEver(observation, time.sleep);
  const refresher = scheduleRefresher(world);
  await time.runUntil(START + scenario.hours * HOUR);
  return {
    scenario,
    importHours: importedAt === undefined ? undefined : (importedAt - START) / HOUR,
    refresher,
    quotas: usageOf(account),
    ...observation.end(catalogue.registries.values()),
  };
}

async function tickForEver(observation: Observation, sleep: (milliseconds: number) => Promise<void>): Promise<never> {
  for (;;) {
    await sleep(MINUTE);
    observation.tick();
  }
}

/** The busiest account's ECR tokens stand for all of them. */
function usageOf(account: SimulatedAccount): Simulated['quotas'] {
  const { ecrTokens, secretWrites, secretCreations, assumeRole } = account.quotas;
  const busiest = ecrTokens.toSorted((one, other) => other.usage.taken - one.usage.taken).slice(0, 1);
  const used = (quota: Quota) => ({ name: quota.name, perSecond: quota.perSecond, ...quota.usage });
  return [...busiest, assumeRole, secretCreations, secretWrites].map(used);
}
